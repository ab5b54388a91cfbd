import { Injectable } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { Price as PriceRow } from '../generated/prisma/client.js';
import { canonical } from './canonical.js';
import { CatalogService } from './catalog.service.js';
import { laneOf } from './catalog-rows.js';
import { isDeleted, modelNotFound } from './model-view.js';
import { parseTerms, storeTerms, type PriceTerms } from './price-rates.js';
import { usdTerms, type UsdTerms } from './price-usd.js';
import { lockModel, priceInForce, replacePrice } from './price-versions.js';
import { termsFromWire, type WireTerms } from './price-wire.js';
import type { Lane } from './route.js';

export type PriceView = {
  readonly id: string;
  readonly object: 'price';
  readonly model: string;
  readonly lane: Lane;
  /** `seed`: follows the official price; `admin`: was set. */
  readonly source: string;
  readonly created_at: string;
} & UsdTerms;

const CONVERSATIONS: readonly string[] = ['chat', 'responses', 'messages', 'gemini'];

/** What a model costs per lane: versioned, so that a usage record keeps the price it was charged by. */
@Injectable()
export class PricesService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly catalog: CatalogService,
  ) {}

  /**
   * In force here before this resolves, on other hosts with the change feed. Saying the same again makes no new version.
   * @throws LazuError model_not_found, missing_required_parameter, invalid_value
   */
  async put(model: string, lane: Lane, body: WireTerms, trail: Trail): Promise<PriceView> {
    const terms = termsFromWire(body);
    const view = await this.prisma.$transaction(async tx => {
      await lockModel(tx, model);
      const row = await tx.catalogModel.findUnique({ where: { name: model } });
      if (!row || isDeleted(row)) throw modelNotFound(model);
      requireWhole(terms, row.supportedEndpointTypes);
      const before = await priceInForce(tx, model, lane);
      if (before?.source === 'admin' && canonical(before.rates) === canonical(storeTerms(terms)))
        return priceView(before);
      const after = priceView(await replacePrice(tx, before, { model, lane, terms, source: 'admin' }));
      await trail(tx, 'price.put', { type: 'price', id: `${model}/${lane}` }, before && priceView(before), after);
      return after;
    });
    await this.catalog.refresh();
    return view;
  }
}

export function priceView(row: PriceRow): PriceView {
  return {
    id: row.id,
    object: 'price',
    model: row.modelName,
    lane: laneOf(row.lane),
    source: row.source,
    created_at: row.createdAt.toISOString(),
    ...usdTerms(parseTerms(row.rates)),
  };
}

/** Trap 7: half a price would make the other half free. A model that is not talked to may be priced per call alone. */
function requireWhole({ rates }: PriceTerms, endpointTypes: readonly string[]): void {
  const talks = endpointTypes.some(type => CONVERSATIONS.includes(type));
  for (const name of ['input', 'output'] as const) {
    if (rates[name] !== undefined || (!talks && Object.keys(rates).length > 0)) continue;
    const param = `${name}_per_mtok`;
    throw new LazuError('missing_required_parameter', `${param} is needed: USD per million tokens, 0 if it is free.`, {
      param,
    });
  }
}
