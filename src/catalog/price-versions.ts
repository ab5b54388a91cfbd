import { ulid } from 'ulid';
import type { Prisma, Price as PriceRow } from '../generated/prisma/client.js';
import { storeTerms, type PriceTerms } from './price-rates.js';
import type { Lane } from './route.js';

/** Changes to one model's row, aliases and prices go one after the other. */
export async function lockModel(tx: Prisma.TransactionClient, model: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 AS locked FROM models WHERE name = ${model} FOR UPDATE`;
}

export function priceInForce(tx: Prisma.TransactionClient, modelName: string, lane: Lane): Promise<PriceRow | null> {
  return tx.price.findFirst({
    where: { modelName, lane, supersededAt: null },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  });
}

/** @param before the row in force, which stays as history */
export async function replacePrice(
  tx: Prisma.TransactionClient,
  before: PriceRow | null,
  { model, lane, terms, source }: { model: string; lane: Lane; terms: PriceTerms; source: 'seed' | 'admin' },
): Promise<PriceRow> {
  if (before) await tx.price.update({ where: { id: before.id }, data: { supersededAt: new Date() } });
  return tx.price.create({
    data: { id: `price_${ulid()}`, modelName: model, lane, source, rates: { ...storeTerms(terms) } },
  });
}
