import { Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import { PrismaService } from '../../database/prisma.service.js';
import type { Prisma } from '../../generated/prisma/client.js';
import { canonical } from '../canonical.js';
import { storeTerms } from '../price-rates.js';
import { readSeed, type SeedFile } from './seed-file.js';
import { modelData, type SeedRow } from './seed-rows.js';
import { termsOf } from './seed-terms.js';

const logger = new Logger('Catalog');

/** Any number that nothing else of ours takes as a transaction's advisory lock. */
const SEED_LOCK = 7_266_010;

interface Known {
  readonly models: ReadonlyMap<string, { readonly source: string; readonly data: string }>;
  readonly aliases: Map<string, string>;
  readonly prices: ReadonlyMap<string, { readonly id: string; readonly source: string; readonly rates: string }>;
}

/**
 * Brings the default catalog up to date: rows that came from the seed follow it, rows that an admin changed are left alone. A price
 * that changed becomes a new row, so that old usage records keep theirs. Writes nothing when there is nothing to do.
 */
export async function seedCatalog(prisma: PrismaService, files: readonly SeedFile[] = readSeed()): Promise<void> {
  await prisma.$transaction(
    async tx => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${SEED_LOCK})`;
      const known = await readKnown(tx);
      await seedVendors(tx, files);
      const wanted = files.flatMap(file => file.models.map(model => modelData(file, model)));
      const models = wanted.filter(row => mayWrite(row, known));
      await seedModels(tx, models, known);
      await seedAliases(tx, models, known);
      await seedPrices(tx, models, known);
      await retire(tx, new Set(wanted.map(row => row.data.name)), known);
    },
    { timeout: 60_000, maxWait: 30_000 },
  );
}

async function readKnown(tx: Prisma.TransactionClient): Promise<Known> {
  const models = await tx.catalogModel.findMany();
  const aliases = await tx.modelAlias.findMany();
  const prices = await tx.price.findMany({
    where: { lane: 'direct', supersededAt: null },
    orderBy: { createdAt: 'asc' },
  });
  return {
    models: new Map(
      models.map(({ createdAt: _c, updatedAt: _u, source, ...data }) => [data.name, { source, data: canonical(data) }]),
    ),
    aliases: new Map(aliases.map(row => [row.alias, row.modelName])),
    prices: new Map(
      prices.map(({ id, source, rates, modelName }) => [modelName, { id, source, rates: canonical(rates) }]),
    ),
  };
}

/** Not over an admin's model, nor over an admin's alias of that name. */
function mayWrite({ data }: SeedRow, known: Known): boolean {
  const model = known.models.get(data.name);
  if (model) return model.source === 'seed';
  const owner = known.aliases.get(data.name);
  if (owner === undefined || known.models.get(owner)?.source === 'seed') return true;
  logger.warn(`The default model ${data.name} is left out: an alias of ${owner} has its name`);
  return false;
}

async function seedVendors(tx: Prisma.TransactionClient, files: readonly SeedFile[]): Promise<void> {
  const known = new Set((await tx.vendor.findMany({ select: { id: true } })).map(({ id }) => id));
  const missing = files.map(file => file.vendor).filter(({ id }) => !known.has(id));
  if (missing.length > 0) await tx.vendor.createMany({ data: missing });
}

async function seedModels(tx: Prisma.TransactionClient, rows: readonly SeedRow[], known: Known): Promise<void> {
  const missing = rows.filter(({ data }) => !known.models.has(data.name));
  if (missing.length > 0) {
    await tx.modelAlias.deleteMany({ where: { alias: { in: missing.map(({ data }) => data.name) } } });
    await tx.catalogModel.createMany({ data: missing.map(({ data }) => ({ ...data, source: 'seed' })) });
  }
  for (const { data } of rows) {
    const before = known.models.get(data.name);
    if (before && before.data !== canonical(data)) await tx.catalogModel.update({ where: { name: data.name }, data });
  }
}

/** Aliases that an admin gave to something else stay theirs. */
async function seedAliases(tx: Prisma.TransactionClient, rows: readonly SeedRow[], known: Known): Promise<void> {
  const own = new Set(rows.map(({ data }) => data.name));
  const wanted = new Map(rows.flatMap(({ data, aliases }) => aliases.map(alias => [alias, data.name] as const)));
  const stale = [...known.aliases].filter(([alias, model]) => own.has(model) && wanted.get(alias) !== model);
  if (stale.length > 0) await tx.modelAlias.deleteMany({ where: { alias: { in: stale.map(([alias]) => alias) } } });
  for (const [alias] of stale) known.aliases.delete(alias);
  const missing = [...wanted].filter(([alias]) => !known.aliases.has(alias) && !known.models.has(alias));
  if (missing.length > 0) {
    await tx.modelAlias.createMany({ data: missing.map(([alias, modelName]) => ({ alias, modelName })) });
  }
}

async function seedPrices(tx: Prisma.TransactionClient, rows: readonly SeedRow[], known: Known): Promise<void> {
  const changed = rows
    .map(({ data, price }) => ({
      modelName: data.name,
      rates: storeTerms(termsOf(price)),
      now: known.prices.get(data.name),
    }))
    .filter(({ rates, now }) => now === undefined || (now.source === 'seed' && now.rates !== canonical(rates)));
  if (changed.length === 0) return;
  const superseded = changed.flatMap(({ now }) => (now ? [now.id] : []));
  if (superseded.length > 0) {
    await tx.price.updateMany({ where: { id: { in: superseded } }, data: { supersededAt: new Date() } });
  }
  await tx.price.createMany({
    data: changed.map(({ modelName, rates }) => ({
      id: `price_${ulid()}`,
      lane: 'direct',
      source: 'seed',
      modelName,
      rates: { ...rates },
    })),
  });
}

/** What the seed no longer names is switched off, unless a channel of an admin serves it. */
async function retire(tx: Prisma.TransactionClient, wanted: ReadonlySet<string>, known: Known): Promise<void> {
  const gone = [...known.models]
    .filter(([name, { source }]) => source === 'seed' && !wanted.has(name))
    .map(([name]) => name);
  if (gone.length === 0) return;
  await tx.catalogModel.updateMany({
    where: { name: { in: gone }, enabled: true, channels: { none: {} } },
    data: { enabled: false },
  });
}
