import { Injectable } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { CatalogModel, Prisma } from '../generated/prisma/client.js';
import { canonical } from './canonical.js';
import { CatalogService } from './catalog.service.js';
import { followOfficial } from './follow-official.js';
import { isDeleted, modelNotFound } from './model-view.js';
import { storeTerms, type PriceTerms } from './price-rates.js';
import { lockCatalog, LONG, priceInForce, replacePrice } from './price-versions.js';
import { priceView, type PriceView } from './price-view.js';
import { termsFromWire, type WireTerms } from './price-wire.js';
import type { Lane } from './route.js';
import { lackingRate } from './sell-price.js';

/** A price by hand that is gone, and what is in force instead. */
export interface DeletedPrice {
  readonly id: string;
  readonly object: 'price';
  readonly deleted: true;
  /** By rule or the official one; null: none, so that the lane is closed or the model not sold. */
  readonly in_force: PriceView | null;
}

/** What a model costs per lane: versioned, so that a usage record keeps the price it was charged by. */
@Injectable()
export class PricesService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly catalog: CatalogService,
  ) {}

  /**
   * A price by hand, which goes before every rule. In force here before this resolves, on other hosts with the change feed. Saying the
   * same again makes no new version.
   * @throws LazuError model_not_found, missing_required_parameter, invalid_value
   */
  async put(model: string, lane: Lane, body: WireTerms, trail: Trail): Promise<PriceView> {
    const terms = termsFromWire(body);
    const view = await this.prisma.$transaction(async tx => {
      await lockCatalog(tx);
      const row = await findModel(tx, model);
      requireWhole(terms, row.supportedEndpointTypes);
      const before = await priceInForce(tx, model, lane);
      if (before?.source === 'admin' && canonical(before.rates) === canonical(storeTerms(terms)))
        return priceView(before);
      const after = priceView(await replacePrice(tx, before, { model, lane, terms }));
      await trail(tx, 'price.put', { type: 'price', id: `${model}/${lane}` }, before && priceView(before), after);
      return after;
    }, LONG);
    await this.catalog.refresh();
    return view;
  }

  /**
   * From here on the lane follows its rule again.
   * @throws LazuError model_not_found, not_found when nobody has set a price by hand
   */
  async delete(model: string, lane: Lane, trail: Trail): Promise<DeletedPrice> {
    const gone = await this.prisma.$transaction(async (tx): Promise<DeletedPrice> => {
      await lockCatalog(tx);
      await findModel(tx, model);
      const before = await priceInForce(tx, model, lane);
      if (before?.source !== 'admin') {
        throw new LazuError('not_found', `${model} has no price in the ${lane} lane that was set by hand.`);
      }
      await tx.price.update({ where: { id: before.id }, data: { supersededAt: new Date() } });
      await followOfficial(tx, { name: model });
      const now = await priceInForce(tx, model, lane);
      const after = now && priceView(now);
      await trail(tx, 'price.delete', { type: 'price', id: `${model}/${lane}` }, priceView(before), after);
      return { id: before.id, object: 'price', deleted: true, in_force: after };
    }, LONG);
    await this.catalog.refresh();
    return gone;
  }
}

async function findModel(tx: Prisma.TransactionClient, name: string): Promise<CatalogModel> {
  const row = await tx.catalogModel.findUnique({ where: { name } });
  if (!row || isDeleted(row)) throw modelNotFound(name);
  return row;
}

function requireWhole(terms: PriceTerms, endpointTypes: readonly string[]): void {
  const lacking = lackingRate(terms, endpointTypes);
  if (lacking === undefined) return;
  const param = `${lacking}_per_mtok`;
  throw new LazuError('missing_required_parameter', `${param} is needed: USD per million tokens, 0 if it is free.`, {
    param,
  });
}
