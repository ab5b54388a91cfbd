import type { Route } from '../catalog/route.js';
import type { RequestFacts } from '../protocols/protocol.js';
import { CALL_DIMENSIONS } from '../protocols/usage.js';
import { providerNamed } from '../providers/index.js';
import { isPriced } from './worst-case.js';

/** Tiers that plain rates are for, or whose choice is the vendor's. */
const PLAIN_TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'standard', 'standard_only', 'unspecified']);
/** What callers write is shown only where it can be the name of a tier. */
const TIER_NAME = /^\w{1,32}$/;

/**
 * What a request asks for and its price does not have: it is refused before it is sent (contract §13).
 * @returns the first such thing, as a sentence names it: a server tool's dimension, or a service tier
 */
export function unpricedNeed(
  { needs, serviceTier }: Pick<RequestFacts, 'needs' | 'serviceTier'>,
  { price, channel }: Pick<Route, 'price' | 'channel'>,
): string | undefined {
  const tool = CALL_DIMENSIONS.find(dimension => needs.includes(dimension) && price.rates[dimension] === undefined);
  if (tool !== undefined || serviceTier === undefined || PLAIN_TIERS.has(serviceTier)) return tool;
  if (isPriced(price, serviceTier) || !providerNamed(channel.provider)?.billsByServiceTier) return undefined;
  return TIER_NAME.test(serviceTier) ? `the service tier ${serviceTier}` : 'this service tier';
}
