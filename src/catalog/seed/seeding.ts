import { Logger } from '@nestjs/common';
import { PrismaService } from '../../database/prisma.service.js';
import type { CatalogModel, Prisma } from '../../generated/prisma/client.js';
import { canonical } from '../canonical.js';
import { followOfficial } from '../follow-official.js';
import { parseTerms, storeTerms } from '../price-rates.js';
import { lockCatalog, LONG } from '../price-versions.js';
import { readSeed, type SeedFile } from './seed-file.js';
import { modelData, type SeedRow } from './seed-rows.js';

const logger = new Logger('Catalog');

interface KnownModel {
  readonly source: string;
  /** All columns that follow the seed, as one text. */
  readonly data: string;
  /** A sync's; undefined when the seed's or nobody's. */
  readonly synced: Pick<SeedRow['data'], 'official' | 'officialSource' | 'officialAt'> | undefined;
}

interface Known {
  readonly models: ReadonlyMap<string, KnownModel>;
  readonly aliases: Map<string, string>;
}

/**
 * Brings the default catalog up to date: rows that came from the seed follow it, rows that an admin changed are left alone. Official
 * prices that `prices:sync` wrote stay until a seed was compared with its sources later than that. Sell prices follow, by the rules:
 * one that changed becomes a new row, so that old usage records keep theirs. Writes nothing when there is nothing to do.
 */
export async function seedCatalog(prisma: PrismaService, files: readonly SeedFile[] = readSeed()): Promise<void> {
  await prisma.$transaction(async tx => {
    await lockCatalog(tx);
    const known = await readKnown(tx);
    await seedVendors(tx, files);
    const wanted = files.flatMap(file => file.models.map(model => keepSynced(modelData(file, model), known)));
    const models = wanted.filter(row => mayWrite(row, known));
    await seedModels(tx, models, known);
    await seedAliases(tx, models, known);
    await followOfficial(tx, { name: { in: models.map(({ data }) => data.name) } });
    await retire(tx, new Set(wanted.map(row => row.data.name)), known);
  }, LONG);
}

async function readKnown(tx: Prisma.TransactionClient): Promise<Known> {
  const models = await tx.catalogModel.findMany();
  const aliases = await tx.modelAlias.findMany();
  return {
    models: new Map(
      models.map(({ createdAt: _c, updatedAt: _u, source, ...data }) => {
        return [data.name, { source, data: canonical(data), synced: syncedOf(data) }];
      }),
    ),
    aliases: new Map(aliases.map(row => [row.alias, row.modelName])),
  };
}

function syncedOf({ official, officialSource, officialAt }: Omit<CatalogModel, 'source' | 'createdAt' | 'updatedAt'>) {
  if (officialSource !== 'sync' || official === null || officialAt === null) return undefined;
  return { official: { ...storeTerms(parseTerms(official)) }, officialSource, officialAt };
}

/** The later word about an official price wins: a sync's, or that of a seed that was compared with its sources since. */
function keepSynced(row: SeedRow, known: Known): SeedRow {
  const synced = known.models.get(row.data.name)?.synced;
  return synced && synced.officialAt >= row.data.officialAt ? { ...row, data: { ...row.data, ...synced } } : row;
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
  const missing = files.map(({ vendor: { id, name } }) => ({ id, name })).filter(({ id }) => !known.has(id));
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
