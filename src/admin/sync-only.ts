import { AuditService } from '../auth/audit.service.js';
import { compareWithPackage, takeFromPackage, type SyncOptions, type SyncReport } from '../catalog/sync/price-sync.js';
import type { Config } from '../config.js';
import { Database } from '../database/database.js';
import { PrismaService } from '../database/prisma.service.js';

/** Who stands in the audit for whoever may run commands on this machine. */
const ACTOR = { keyId: 'command', name: 'npm run prices:sync', role: 'owner', ip: '' } as const;

/**
 * Official prices of the configured database, starting the embedded one for that time. It has to be migrated.
 * @throws LazuError in one line when there is no database, another Lazu uses the embedded one, or a model is not known
 */
export async function syncOnly(config: Config, options: SyncOptions & { apply: boolean }): Promise<SyncReport> {
  const database = await Database.open({ ...config, migrateOnStart: false });
  try {
    const prisma = new PrismaService(database);
    if (!options.apply) return await compareWithPackage(prisma, options);
    return await takeFromPackage(prisma, options, new AuditService(prisma).trailOf(ACTOR));
  } finally {
    await database.close();
  }
}
