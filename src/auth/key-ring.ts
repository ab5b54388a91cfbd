import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config.js';
import { ChangeFeed } from '../database/change-feed.js';
import { Database } from '../database/database.js';
import { LazuError } from '../errors.js';
import { alone, Host } from '../workers/host.js';
import { inTime } from '../workers/in-time.js';
import { topic } from '../workers/topic.js';
import { KeyReader, type KeySink } from './key-reader.js';
import type { KeyRow } from './key-row.js';
import { LiveKey } from './live-key.js';
import { UnknownKeys } from './unknown-keys.js';

/** All keys up to so many; beyond, the least recently used go. About 0.8 kB each. */
export const RING_CAPACITY = 200_000;
const UNKNOWN_CAPACITY = 10_000;
const UNKNOWN_TTL_MS = 10_000;

/** What changed, and if it is refused from now on, why. */
interface KeyNews {
  readonly id?: string;
  readonly accountId?: string;
  readonly refused?: NonNullable<LiveKey['refusal']>;
}

const KEY_NEWS = topic<KeyNews>('auth.keys');

/**
 * Every caller key with its account, in memory: what `Admission` asks for each request. Follows the change feed, and goes on with
 * what it last knew while the database is away.
 */
@Injectable()
export class KeyRing implements KeySink, OnModuleInit, OnModuleDestroy {
  capacity = RING_CAPACITY;
  readonly unknown = new UnknownKeys(UNKNOWN_CAPACITY, UNKNOWN_TTL_MS);
  readonly #byHash = new Map<string, LiveKey>();
  readonly #byId = new Map<string, LiveKey>();
  readonly #reader: KeyReader;
  readonly #stop: (() => void)[] = [];
  #clock = 0;
  /** Something was dropped for space: from then on the map's order is the order of use. */
  #partial = false;

  constructor(
    database: Database,
    private readonly feed: ChangeFeed,
    @Inject(Config) private readonly config: Config,
    @Inject(Host) private readonly host: Pick<Host, 'siblings'> = alone(),
  ) {
    this.#reader = new KeyReader(database.pool, this);
  }

  async onModuleInit(): Promise<void> {
    // First listen, then load: a change in between is read once more, none is missed.
    this.#follow('api_keys', id => ({ id }));
    this.#follow('accounts', accountId => ({ accountId }));
    await this.host.siblings.follow(KEY_NEWS, news => inTime(this.#heed(news)));
    await this.#reader.refresh('everything');
  }

  onModuleDestroy(): void {
    for (const stop of this.#stop) stop();
    this.#reader.close();
  }

  get size(): number {
    return this.#byHash.size;
  }

  /** @param hash hex of the SHA-256 */
  find(hash: string): LiveKey | undefined {
    const key = this.#byHash.get(hash);
    if (key && this.#partial) {
      this.#byHash.delete(hash);
      this.#byHash.set(hash, key);
    }
    return key;
  }

  /** Ask the database for a key that is not in the ring. @throws LazuError `service_unavailable`, never a refusal */
  async lookUp(hash: string): Promise<LiveKey | undefined> {
    await this.#reader.lookUp(hash);
    const key = this.#byHash.get(hash);
    if (!key && !this.unknown.isBuried(hash)) this.unknown.add(hash, Date.now());
    return key;
  }

  /** @throws LazuError `service_unavailable` when the last proof that nothing was missed is older than `KEY_STALENESS_MAX` */
  assertFresh(now: number): void {
    const oldest = Math.min(this.feed.freshAt, this.#reader.behindSince ?? Infinity);
    if (now - oldest <= this.config.keyStalenessMaxMs) return;
    throw new LazuError('service_unavailable', 'Keys cannot be checked: the database has been away for too long.', {
      retryAfter: 5,
    });
  }

  /**
   * After an admin call has committed: what it changed is in force on this host before the call answers.
   * @throws LazuError `service_unavailable` when the other processes of this host cannot be told
   */
  async changed(news: KeyNews): Promise<void> {
    await Promise.all([this.#heed(news), this.host.siblings.tell(KEY_NEWS, news)]);
  }

  /** What is in the database now, whatever was known. @returns whether this key is refused; undefined: cannot be told */
  async isRefused(id: string): Promise<boolean | undefined> {
    try {
      await this.#reader.refresh({ id });
    } catch {
      return undefined;
    }
    const key = this.#byId.get(id);
    return key === undefined || key.refusal !== undefined || Date.now() >= key.expiresAt;
  }

  /** Refuse these keys from now on, without asking anyone. */
  revoke(what: { id?: string; accountId?: string }, why: NonNullable<LiveKey['refusal']>): void {
    const now = this.tick();
    if (what.id !== undefined) {
      const key = this.#byId.get(what.id);
      if (key) this.#refuse(key, why, now);
    }
    if (what.accountId === undefined) return;
    for (const key of this.#byId.values()) if (key.accountId === what.accountId) this.#refuse(key, why, now);
  }

  tick(): number {
    return ++this.#clock;
  }

  apply(read: KeyRow, readAt: number, asked: boolean): void {
    const row = this.#withTier(read);
    if (this.unknown.isBuried(row.hash)) return;
    const known = this.#byId.get(row.id);
    if (known) {
      if (readAt < known.knownAt) return;
      known.update(row, readAt);
      if (row.deletedAt) this.#drop(known);
      return;
    }
    if (row.deletedAt) return this.unknown.bury(row.hash);
    if (this.#byHash.size >= this.capacity) {
      this.#partial = true;
      if (!asked) return;
      this.#dropOldest();
    }
    const key = new LiveKey(row, readAt);
    this.#byHash.set(key.hash, key);
    this.#byId.set(key.keyId, key);
    this.unknown.forget(key.hash);
  }

  unseenSince(readAt: number): string[] {
    const ids: string[] = [];
    for (const key of this.#byId.values()) if (key.knownAt < readAt) ids.push(key.keyId);
    return ids;
  }

  vanished(ids: readonly string[], readAt: number): void {
    for (const id of ids) {
      const key = this.#byId.get(id);
      if (key && key.knownAt <= readAt) this.#refuse(key, 'invalid_api_key', readAt);
    }
  }

  async #heed({ id, accountId, refused }: KeyNews): Promise<void> {
    const what = { ...(id !== undefined && { id }), ...(accountId !== undefined && { accountId }) };
    if (refused) this.revoke(what, refused);
    // A failure here is not the admin call's: it has committed. The reader tries again, and the change feed tells us too.
    await this.#reader.refresh(what).catch(() => undefined);
  }

  /** An account's own limits go before its tier's; keys only lower them. */
  #withTier(row: KeyRow): KeyRow {
    if (this.config.billing !== 'prepaid') return row;
    const tier = this.config.tiers.find(({ name }) => name === row.accountTier) ?? this.config.tiers[0];
    return { ...row, accountRpm: row.accountRpm ?? tier?.rpm ?? null, accountTpm: row.accountTpm ?? tier?.tpm ?? null };
  }

  #follow(topic: 'api_keys' | 'accounts', what: (rowId: string) => { id?: string; accountId?: string }): void {
    const stop = this.feed.on(topic, payload => {
      const rowId = payload.slice(topic.length + 1); // `<topic>:<row id>`, or `<topic>:` alone when something may have been missed
      this.#reader.refresh(rowId === '' ? 'everything' : what(rowId)).catch(() => undefined); // the reader tries again
    });
    this.#stop.push(stop);
  }

  #refuse(key: LiveKey, why: NonNullable<LiveKey['refusal']>, at: number): void {
    key.refuse(why, at);
    if (why === 'invalid_api_key') this.#drop(key);
  }

  /** Deleted: the object that running requests hold says `revoked`, the ring forgets it, and nothing brings it back. */
  #drop(key: LiveKey): void {
    this.#byHash.delete(key.hash);
    this.#byId.delete(key.keyId);
    this.unknown.bury(key.hash);
  }

  #dropOldest(): void {
    const oldest = this.#byHash.values().next();
    if (oldest.done) return;
    this.#byHash.delete(oldest.value.hash);
    this.#byId.delete(oldest.value.keyId);
  }
}
