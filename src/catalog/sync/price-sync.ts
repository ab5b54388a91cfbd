import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { PrismaService } from '../../database/prisma.service.js';
import type { Trail } from '../../database/trail.js';
import { LazuError } from '../../errors.js';
import type { Prisma } from '../../generated/prisma/client.js';
import { followOfficial, readPriced } from '../follow-official.js';
import { modelNotFound } from '../model-view.js';
import { storeTerms } from '../price-rates.js';
import { usdTerms } from '../price-usd.js';
import { lockCatalog, LONG } from '../price-versions.js';
import { readSeed } from '../seed/seed-file.js';
import { planSync, type Planned, type SyncEntry } from './plan.js';
import { readPackage, type Quotes } from './quote.js';

const PACKAGE = '@pydantic/genai-prices';

export interface SyncOptions {
  /** Held changes of these models are looked at and wanted. */
  readonly accept?: readonly string[];
  /** Only these; undefined: all. */
  readonly models?: readonly string[];
}

export interface SyncReport {
  readonly object: 'price_sync';
  /** The data package and its version: `@pydantic/genai-prices 0.1.8`. */
  readonly source: string;
  /** Whether the changes were made. */
  readonly applied: boolean;
  readonly summary: Readonly<Record<SyncEntry['status'], number>>;
  /** By model, ascending. */
  readonly data: readonly SyncEntry[];
}

/**
 * Official prices from the installed data package: what would change in the catalog, and in the sell prices that follow. Changes nothing.
 * @throws LazuError model_not_found naming a model of the options that is not in the catalog
 */
export async function compareWithPackage(
  prisma: PrismaService,
  options: SyncOptions,
  quotes?: Quotes,
): Promise<SyncReport> {
  return report(await plan(prisma, options, quotes ?? (await readPackage())), false);
}

/**
 * The same, and makes the changes that are not held, in one transaction: each official price, and a new version of each sell price that
 * follows it. Running hosts are told by the change feed.
 */
export async function takeFromPackage(
  prisma: PrismaService,
  options: SyncOptions,
  trail: Trail,
  quotes?: Quotes,
): Promise<SyncReport> {
  const said = quotes ?? (await readPackage());
  const done = await prisma.$transaction(async tx => {
    await lockCatalog(tx);
    const planned = await plan(tx, options, said);
    await write(tx, planned, trail);
    return planned;
  }, LONG);
  return report(done, true);
}

async function plan(
  tx: Prisma.TransactionClient,
  { accept = [], models }: SyncOptions,
  quotes: Quotes,
): Promise<Planned[]> {
  const aliases = await tx.modelAlias.findMany();
  const all = await readPriced(tx);
  const names = new Set(all.map(({ name }) => name));
  const unknown = [...accept, ...(models ?? [])].find(name => !names.has(name));
  if (unknown !== undefined) throw modelNotFound(unknown);
  const sources = new Map(readSeed().map(({ vendor }) => [vendor.id, vendor.genai_prices]));
  const at = new Date();
  return all
    .filter(({ name }) => models === undefined || models.includes(name))
    .map(model =>
      planSync(model, {
        ...{ quotes, at, source: sources.get(model.vendorId), isAccepted: accept.includes(model.name) },
        aliases: aliases.filter(({ modelName }) => modelName === model.name).map(({ alias }) => alias),
      }),
    );
}

async function write(tx: Prisma.TransactionClient, planned: readonly Planned[], trail: Trail): Promise<void> {
  const officialAt = new Date();
  const changed: string[] = [];
  for (const { entry, official } of planned) {
    if (!official) continue;
    changed.push(entry.model);
    await tx.catalogModel.update({
      where: { name: entry.model },
      data: { official: { ...storeTerms(official.after) }, officialSource: 'sync', officialAt },
    });
    const [before, after] = [official.before && usdTerms(official.before), usdTerms(official.after)];
    await trail(tx, 'model.sync', { type: 'model', id: entry.model }, before ?? null, after);
  }
  await followOfficial(tx, { name: { in: changed } }, trail);
}

async function report(planned: readonly Planned[], applied: boolean): Promise<SyncReport> {
  const summary = { changes: 0, held: 0, same: 0, left_alone: 0 };
  for (const { entry } of planned) summary[entry.status] += 1;
  const source = `${PACKAGE} ${await installedVersion()}`;
  return { object: 'price_sync', source, applied, summary, data: planned.map(({ entry }) => entry) };
}

async function installedVersion(): Promise<string> {
  const main = createRequire(import.meta.url).resolve(PACKAGE);
  const { version } = JSON.parse(await readFile(join(main, '../../package.json'), 'utf8')) as { version?: unknown };
  if (typeof version === 'string') return version;
  throw new LazuError('internal_error', `${PACKAGE} does not say its version.`);
}
