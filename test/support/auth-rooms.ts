import { FirstStart } from '../../src/admin/first-start.js';
import { AccountsService } from '../../src/auth/accounts.service.js';
import { AdminKeyRing } from '../../src/auth/admin-key-ring.js';
import { AdminKeysService } from '../../src/auth/admin-keys.service.js';
import { Admission } from '../../src/auth/admission.js';
import { ApiKeysService } from '../../src/auth/api-keys.service.js';
import { AuditService } from '../../src/auth/audit.service.js';
import type { Caller } from '../../src/auth/caller.js';
import { KeyRing } from '../../src/auth/key-ring.js';
import type { Actor } from '../../src/auth/request.js';
import { LedgerService } from '../../src/billing/ledger.service.js';
import { TiersService } from '../../src/billing/tiers.service.js';
import { loadConfig } from '../../src/config.js';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { Database } from '../../src/database/database.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import type { Trail } from '../../src/database/trail.js';
import { MemoryLimitStore } from '../../src/limits/memory-limit-store.js';

export const actor: Actor = { keyId: 'adm_test', name: 'tester', role: 'owner', ip: '127.0.0.1' };

/** One host's keys, accounts and money on a real database, wired by hand. Several may share a database, as hosts do. */
export class AuthRooms {
  readonly prisma: PrismaService;
  readonly ring: KeyRing;
  readonly adminRing: AdminKeyRing;
  readonly admission: Admission;
  readonly accounts: AccountsService;
  readonly keys: ApiKeysService;
  readonly adminKeys: AdminKeysService;
  readonly ledger: LedgerService;
  readonly audit: AuditService;
  readonly firstStart: FirstStart;
  readonly trail: Trail;

  private constructor(
    readonly database: Database,
    readonly feed: ChangeFeed,
    config: ReturnType<typeof loadConfig>,
  ) {
    const limits = new MemoryLimitStore();
    this.prisma = new PrismaService(database);
    this.ring = new KeyRing(database, feed, config);
    this.adminRing = new AdminKeyRing(database, feed);
    this.admission = new Admission(this.ring);
    this.accounts = new AccountsService(config, this.prisma, this.ring, limits);
    this.keys = new ApiKeysService(this.prisma, this.ring, limits);
    this.adminKeys = new AdminKeysService(this.prisma, this.adminRing);
    this.ledger = new LedgerService(this.prisma, new TiersService(config, database));
    this.audit = new AuditService(this.prisma);
    this.firstStart = new FirstStart(this.prisma, this.ring, this.adminRing, config);
    this.trail = this.audit.trailOf(actor);
  }

  static async open(url: string, env: Record<string, string> = {}): Promise<AuthRooms> {
    const config = loadConfig({ DATABASE_URL: url, ...env });
    const database = await Database.open(config);
    const rooms = new AuthRooms(database, await ChangeFeed.open(database), config);
    await rooms.adminRing.onModuleInit();
    await rooms.ring.onModuleInit();
    return rooms;
  }

  /** As the data path asks: by header. */
  async identify(key: string, ip = '127.0.0.1'): Promise<Caller> {
    return this.admission.identify({ authorization: `Bearer ${key}` }, undefined, ip);
  }

  async close(): Promise<void> {
    this.ring.onModuleDestroy();
    this.adminRing.onModuleDestroy();
    await this.database.close();
  }
}

/** Wait until `check` no longer throws. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs: number): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }
}
