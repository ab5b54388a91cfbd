import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ChangeFeed } from '../database/change-feed.js';
import { Database } from '../database/database.js';
import { LazuError } from '../errors.js';
import { alone, Host } from '../workers/host.js';
import { topic } from '../workers/topic.js';
import type { Actor } from './request.js';
import { SharedRead } from './shared-read.js';
import { timedQuery } from './timed-query.js';

/** Beyond this without proof from the change feed the database is asked: nobody administers on last-known-good. */
const FRESH_MS = 2000;
/** Invented admin keys cost at most ten queries a second. */
const GAP_MS = 100;
const SELECT = `SELECT id AS "keyId", name, role, encode(hash, 'hex') AS hash FROM admin_keys WHERE deleted_at IS NULL`;

/** The id of an admin key that is refused from now on. */
const ADMIN_KEY_REVOKED = topic<string>('auth.admin-key-revoked');

export type AdminKeyEntry = Pick<Actor, 'keyId' | 'name' | 'role'>;

/** All admin keys, in memory. They are few: whatever changes, all are read again. */
@Injectable()
export class AdminKeyRing implements OnModuleInit, OnModuleDestroy {
  #byHash = new Map<string, AdminKeyEntry>();
  #readAt = -Infinity;
  #stale = true;
  #stop: (() => void) | undefined;
  readonly #shared = new SharedRead(() => this.#read(), GAP_MS);

  constructor(
    private readonly database: Database,
    private readonly feed: ChangeFeed,
    @Inject(Host) private readonly host: Pick<Host, 'siblings'> = alone(),
  ) {}

  async onModuleInit(): Promise<void> {
    this.#stop = this.feed.on('admin_keys', () => {
      this.#stale = true;
    });
    await this.host.siblings.follow(ADMIN_KEY_REVOKED, keyId => this.#revoke(keyId));
  }

  onModuleDestroy(): void {
    this.#stop?.();
  }

  /** @throws LazuError `service_unavailable` when the database is away */
  async find(hash: string): Promise<AdminKeyEntry | undefined> {
    const proof = Math.max(this.feed.freshAt, this.#readAt);
    const known = this.#byHash.get(hash);
    if (known && !this.#stale && Date.now() - proof <= FRESH_MS) return known;
    await this.changed();
    return this.#byHash.get(hash);
  }

  /** Read all again: after a change, before the call that made it answers. */
  async changed(): Promise<void> {
    this.#stale = true;
    try {
      await this.#shared.run();
    } catch (cause) {
      throw new LazuError('service_unavailable', 'Admin keys cannot be checked: the database does not answer.', {
        retryAfter: 1,
        cause,
      });
    }
  }

  /** Refuse this key from now on, in every process of this host. @throws LazuError `service_unavailable` when they cannot be told */
  async revoke(keyId: string): Promise<void> {
    this.#revoke(keyId);
    await this.host.siblings.tell(ADMIN_KEY_REVOKED, keyId);
  }

  #revoke(keyId: string): void {
    for (const [hash, entry] of this.#byHash) if (entry.keyId === keyId) this.#byHash.delete(hash);
    this.#stale = true;
  }

  async #read(): Promise<void> {
    this.#stale = false; // a change during the read marks it again
    try {
      const rows = await timedQuery<AdminKeyEntry & { hash: string }>(this.database.pool, SELECT, []);
      this.#byHash = new Map(rows.map(({ hash, ...entry }) => [hash, entry]));
      this.#readAt = Date.now();
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }
}
