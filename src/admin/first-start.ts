import { Inject, Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { AdminKeyRing } from '../auth/admin-key-ring.js';
import { ADMIN_KEY_MARK, fingerprintOf, mintKey } from '../auth/key-format.js';
import { KeyRing } from '../auth/key-ring.js';
import { Config } from '../config.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Prisma } from '../generated/prisma/client.js';

/** What was made, in clear: printed once by `main.ts`, never logged, never kept. */
export interface FirstKeys {
  readonly accountId: string;
  readonly apiKey: string;
  readonly adminKey: string;
  /** The operator set `LAZU_ADMIN_KEY`, so there is no need to show it. */
  readonly adminKeyGiven: boolean;
}

/** Any number, the same on every host. */
const LOCK = 7_261_500_916;

/** An empty database gets an owner, an account `default` and one caller key (contract §16). */
@Injectable()
export class FirstStart {
  constructor(
    private readonly prisma: PrismaService,
    private readonly keyRing: KeyRing,
    private readonly adminKeyRing: AdminKeyRing,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @returns undefined when the database is not empty */
  async run(): Promise<FirstKeys | undefined> {
    const made = await makeFirstKeys(this.prisma, this.config);
    if (made) await Promise.all([this.keyRing.changed({ accountId: made.accountId }), this.adminKeyRing.changed()]);
    return made;
  }
}

/** @returns undefined when the database is not empty. Of hosts that start at once, one makes the keys. */
export function makeFirstKeys(prisma: PrismaService, config: Config): Promise<FirstKeys | undefined> {
  return prisma.$transaction(async tx => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK}::bigint)`;
    const isEmpty = (await tx.adminKey.count()) === 0 && (await tx.account.count()) === 0;
    return isEmpty ? make(tx, config) : undefined;
  });
}

async function make(tx: Prisma.TransactionClient, config: Config): Promise<FirstKeys> {
  const adminKey = config.adminKey ?? mintKey(ADMIN_KEY_MARK).key;
  const { key: apiKey, fingerprint } = mintKey();
  const accountId = `acct_${ulid()}`;
  await tx.adminKey.create({
    data: { id: `adm_${ulid()}`, name: 'first owner', role: 'owner', ...fingerprintOf(adminKey, ADMIN_KEY_MARK) },
  });
  await tx.account.create({ data: { id: accountId, name: 'default' } });
  await tx.apiKey.create({ data: { id: `key_${ulid()}`, accountId, name: 'first key', ...fingerprint } });
  return { accountId, apiKey, adminKey, adminKeyGiven: config.adminKey !== undefined };
}
