import { ulid } from 'ulid';
import type { Trail } from '../database/trail.js';
import type { CatalogModel, Price as PriceRow, PriceRule, Prisma } from '../generated/prisma/client.js';
import { canonical } from './canonical.js';
import { LANES } from './catalog-snapshot.js';
import { DELETED } from './model-view.js';
import { parseTerms, storeTerms } from './price-rates.js';
import { priceView } from './price-view.js';
import type { Lane } from './route.js';
import { sellPrice, type SellPrice } from './sell-price.js';

/** A model with its prices in force and the rules of its vendor. */
export type PricedModel = CatalogModel & { prices: PriceRow[]; vendor: { rules: PriceRule[] } };

export interface PriceChange {
  readonly model: string;
  readonly lane: Lane;
  /** In force until now; undefined: none. */
  readonly before: PriceRow | undefined;
  /** In force from now on; undefined: none, and what a lane costs that has no price is not known. */
  readonly after: SellPrice | undefined;
}

/** Deleted models have no price and get none. */
export function readPriced(
  tx: Prisma.TransactionClient,
  where: Prisma.CatalogModelWhereInput = {},
): Promise<PricedModel[]> {
  return tx.catalogModel.findMany({
    where: { AND: [where, { source: { not: DELETED } }] },
    include: { prices: { where: { supersededAt: null } }, vendor: { select: { rules: true } } },
    orderBy: { name: 'asc' },
  });
}

/** Where the price in force is not what official price and rules say. One that was set by hand is what it should be. Pure. */
export function outOfStep(models: readonly PricedModel[]): PriceChange[] {
  return models.flatMap(model => {
    const { name, supportedEndpointTypes: endpointTypes } = model;
    const official = model.official === null ? undefined : parseTerms(model.official);
    return LANES.flatMap((lane): PriceChange[] => {
      const before = model.prices.find(price => price.lane === lane);
      if (before?.source === 'admin') return [];
      const rule = model.vendor.rules.find(one => one.lane === lane);
      const after = sellPrice({ official, endpointTypes }, lane, rule?.factorMillionths);
      return isSame(before, after) ? [] : [{ model: name, lane, before, after }];
    });
  });
}

function isSame(row: PriceRow | undefined, price: SellPrice | undefined): boolean {
  if (row === undefined || price === undefined) return row === undefined && price === undefined;
  return (
    row.source === price.source &&
    row.factorMillionths === price.factorMillionths &&
    canonical(row.rates) === canonical(storeTerms(price.terms))
  );
}

/** New versions; those in force until now stay as history, so that a usage record's `price_id` goes on explaining it. */
export async function writePrices(
  tx: Prisma.TransactionClient,
  changes: readonly PriceChange[],
  trail?: Trail,
): Promise<void> {
  const superseded = changes.flatMap(({ before }) => (before ? [before.id] : []));
  if (superseded.length > 0) {
    await tx.price.updateMany({ where: { id: { in: superseded } }, data: { supersededAt: new Date() } });
  }
  const made = await tx.price.createManyAndReturn({
    data: changes.flatMap(({ model, lane, after }) =>
      after === undefined
        ? []
        : [
            {
              ...{ id: `price_${ulid()}`, modelName: model, lane, source: after.source },
              factorMillionths: after.factorMillionths,
              rates: { ...storeTerms(after.terms) },
            },
          ],
    ),
  });
  if (!trail) return;
  const newest = new Map(made.map(row => [`${row.modelName}/${row.lane}`, row]));
  for (const { model, lane, before } of changes) {
    const id = `${model}/${lane}`;
    const after = newest.get(id);
    await trail(
      tx,
      'price.follow',
      { type: 'price', id },
      before ? priceView(before) : null,
      after ? priceView(after) : null,
    );
  }
}

/**
 * Brings the prices of these models in step with their official prices and the rules, but for those set by hand. Needs the lock of
 * the catalog. Writes nothing when there is nothing to do.
 * @param trail none at a start: the seed is nobody's change
 * @returns what changed
 */
export async function followOfficial(
  tx: Prisma.TransactionClient,
  where: Prisma.CatalogModelWhereInput,
  trail?: Trail,
): Promise<readonly PriceChange[]> {
  const changes = outOfStep(await readPriced(tx, where));
  if (changes.length > 0) await writePrices(tx, changes, trail);
  return changes;
}
