import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CatalogService } from '../../src/catalog/catalog.service.js';
import { CredentialBox } from '../../src/catalog/credential-box.js';
import { loadConfig } from '../../src/config.js';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { Database } from '../../src/database/database.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import type { Trail } from '../../src/database/trail.js';
import { createTestDatabase } from './database.js';

export interface CatalogBench {
  readonly url: string;
  readonly prisma: PrismaService;
  readonly feed: ChangeFeed;
  readonly box: CredentialBox;
  readonly catalog: CatalogService;
  readonly dataDir: string;
  close(): Promise<void>;
}

/** The catalog room without the rest of the house, on a database of its own. */
export async function openCatalog(): Promise<CatalogBench> {
  const test = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'lazu-catalog-'));
  const database = await Database.open(loadConfig({ DATABASE_URL: test.url }));
  const prisma = new PrismaService(database);
  const feed = await ChangeFeed.open(database);
  const box = await CredentialBox.create({ encryptionKey: undefined, dataDir });
  const catalog = await CatalogService.create(prisma, box, feed);
  return {
    ...{ url: test.url, prisma, feed, box, catalog, dataDir },
    async close() {
      await catalog.onModuleDestroy();
      await database.close();
      await test.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export interface Noted {
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly before: unknown;
  readonly after: unknown;
}

/** A trail that remembers instead of writing audit rows. */
export function noting(): { readonly trail: Trail; readonly noted: Noted[] } {
  const noted: Noted[] = [];
  return {
    noted,
    trail: (_tx, action, target, before, after) => {
      noted.push({ action, target, before, after });
      return Promise.resolve();
    },
  };
}
