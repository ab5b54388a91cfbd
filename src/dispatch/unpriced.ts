import type { Price } from '../catalog/route.js';
import { CALL_DIMENSIONS, type CallDimension } from '../protocols/usage.js';

/** An unpriced server tool refuses the request that asks for it (contract §13). @returns the first need that has no price */
export function unpricedNeed(needs: readonly string[], price: Price): CallDimension | undefined {
  return CALL_DIMENSIONS.find(dimension => needs.includes(dimension) && price.rates[dimension] === undefined);
}
