import { ulid } from 'ulid';
import type { Prisma, Price as PriceRow } from '../generated/prisma/client.js';
import { storeTerms, type PriceTerms } from './price-rates.js';
import type { Lane } from './route.js';

/** Any number that nothing else of ours takes as a transaction's advisory lock. */
const CATALOG_LOCK = 7_266_010;

/** Room for changes of many models at once, milliseconds. */
export const LONG = { timeout: 60_000, maxWait: 30_000 } as const;

/**
 * Changes to models, aliases, prices and rules go one after the other, on all hosts: each price is made of a model's official price
 * and a rule, and neither may change while it is.
 */
export async function lockCatalog(tx: Prisma.TransactionClient): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${CATALOG_LOCK})`;
}

export function priceInForce(tx: Prisma.TransactionClient, modelName: string, lane: Lane): Promise<PriceRow | null> {
  return tx.price.findFirst({
    where: { modelName, lane, supersededAt: null },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  });
}

/** A price by hand. @param before the row in force, which stays as history */
export async function replacePrice(
  tx: Prisma.TransactionClient,
  before: PriceRow | null,
  { model, lane, terms }: { model: string; lane: Lane; terms: PriceTerms },
): Promise<PriceRow> {
  if (before) await tx.price.update({ where: { id: before.id }, data: { supersededAt: new Date() } });
  return tx.price.create({
    data: { id: `price_${ulid()}`, modelName: model, lane, source: 'admin', rates: { ...storeTerms(terms) } },
  });
}
