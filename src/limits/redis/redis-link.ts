import { Logger } from '@nestjs/common';
import { createClient, ErrorReply } from '@redis/client';
import { limitMetrics } from '../metrics.js';
import { SCRIPTS, type Script } from './scripts.js';

/** Nobody waits longer for Redis than this. */
const PATIENCE_MS = 250;
/** A connection that says nothing for so long is given up. */
const SILENT_MS = 2_000;
const LONGEST_BACKOFF_MS = 500;
/** What a script is told by a replica; older ones say which script it was first. https://redis.io/docs/latest/operate/oss_and_stack/management/replication/#read-only-replica */
const READ_ONLY = /\bREADONLY\b/;

/** What a script answers, as Redis sends it. */
export type Reply = readonly [code: number, ...rest: unknown[]];

/** Redis is away, or does not answer in time; then what was asked may have been done all the same. */
export class RedisAway extends Error {
  /** @param isSent it may have reached Redis */
  constructor(
    message: string,
    readonly isSent: boolean,
  ) {
    super(message);
  }
}

/** The connection to Redis: fails fast, comes back by itself, and says so once each time. Scripts are known there by their hash. */
export class RedisLink {
  readonly #log = new Logger('Redis');
  #client: ReturnType<typeof connection> | undefined;
  /** Of this Redis process; another one does not know what the last one did. */
  #runId = '';
  #isClosed = false;
  #isUp = false;
  #wasUp = false;
  /** `performance.now()` since when nothing was answered; undefined: all is well. */
  #silentSince: number | undefined;
  /** Called when the connection stands, and not before it does. */
  onUp: () => void = () => undefined;
  onDown: () => void = () => undefined;

  constructor(private readonly url: string) {}

  get isUp(): boolean {
    return this.#isUp && this.#silentSince === undefined;
  }

  get runId(): string {
    return this.#runId;
  }

  open(): void {
    const client = connection(this.url);
    this.#client = client;
    client.on('ready', () => void this.#introduced(client));
    client.on('error', (error: Error) => this.#lost(client, error.message || error.name));
    client.connect().catch(() => undefined); // it goes on trying
  }

  /** Looks whether a connection that hangs is to be given up; called now and then. */
  check(): void {
    if (this.#silentSince === undefined || performance.now() - this.#silentSince < SILENT_MS) return;
    this.#renew(this.#client!, `no answer for ${SILENT_MS} ms`);
  }

  /**
   * One round trip.
   * @param prefix of the keys, as `lazu:{acct_1}:`
   * @param at µs, of tests; empty: Redis' own clock
   * @param isProbe asks whether a Redis that was silent answers again
   * @throws RedisAway at once when it is known to be away, else after 250 ms
   */
  run(script: Script, prefix: string, at: string, args: readonly string[], isProbe = false): Promise<Reply> {
    const client = this.#client;
    if (!client || !(isProbe ? this.#isUp : this.isUp)) {
      return Promise.reject(new RedisAway('Redis is away', false));
    }
    return this.#inTime(this.#evaluate(client, script, [prefix, at, ...args]));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isUp = false;
    const client = this.#client;
    this.#client = undefined;
    if (!client?.isOpen) return;
    if (client.isReady) await this.#inTime(client.close()).catch(() => undefined);
    if (client.isOpen) client.destroy();
  }

  async #evaluate(client: ReturnType<typeof connection>, { sha, source }: Script, args: string[]): Promise<Reply> {
    try {
      return await client.sendCommand<Reply>(['EVALSHA', sha, '1', ...args]);
    } catch (error) {
      if (!(error instanceof ErrorReply)) throw error;
      if (READ_ONLY.test(error.message)) this.#renew(client, 'it has become a replica');
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return client.sendCommand<Reply>(['EVAL', source, '1', ...args]);
    }
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const asked = performance.now();
      let isAnswered = false;
      const giveUp = () => {
        if (isAnswered) return;
        this.#silentSince ??= asked;
        reject(new RedisAway(`Redis did not answer within ${PATIENCE_MS} ms`, true));
      };
      // If it was this process that stood still, the answer is there and is read before `setImmediate` runs.
      const late = setTimeout(() => setImmediate(giveUp), PATIENCE_MS);
      answer.then(
        value => {
          isAnswered = true;
          clearTimeout(late);
          this.#silentSince = undefined;
          resolve(value);
        },
        (error: Error) => {
          isAnswered = true;
          clearTimeout(late);
          if (error instanceof ErrorReply) this.#log.error(`Redis refuses: ${error.message}`);
          reject(new RedisAway(error.message, true));
        },
      );
    });
  }

  async #introduced(client: ReturnType<typeof connection>): Promise<void> {
    try {
      const info = await this.#inTime(client.sendCommand<string>(['INFO']));
      if (/^role:slave/m.test(info)) throw new Error('it is a replica');
      // Loaded before the first is run, so that commands are carried out in the order in which they are given.
      const load = ({ source }: Script) => this.#inTime(client.sendCommand(['SCRIPT', 'LOAD', source]));
      await Promise.all(Object.values(SCRIPTS).map(load));
      if (client !== this.#client) return;
      this.#runId = /^run_id:(\w+)/m.exec(info)?.[1] ?? '';
      this.#warnOf(info);
      if (this.#wasUp) this.#log.log('Redis is back');
      this.#wasUp = this.#isUp = true;
      limitMetrics.redisUp.set(1);
      this.#silentSince = undefined;
      this.onUp();
    } catch (error) {
      this.#lost(client, (error as Error).message);
      if (client !== this.#client) return;
      client.destroy();
      if (!this.#isClosed) setTimeout(() => !this.#isClosed && this.open(), LONGEST_BACKOFF_MS).unref();
    }
  }

  #warnOf(info: string): void {
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
    const most = /^maxmemory:(\d+)/m.exec(info)?.[1] ?? '0';
    if (policy !== 'noeviction' && most !== '0')
      this.#log.warn(`Redis may throw limits away: set its maxmemory-policy to noeviction, not ${policy}`);
  }

  /** After a failover the same name may mean another Redis: whoever keeps the connection talks to the old one for ever. */
  #renew(client: ReturnType<typeof connection>, why: string): void {
    if (client !== this.#client) return;
    this.#lost(client, why);
    client.destroy();
    if (!this.#isClosed) this.open();
  }

  #lost(client: ReturnType<typeof connection>, why: string): void {
    if (client !== this.#client || this.#isClosed) return;
    if (this.#isUp || !this.#wasUp) this.#log.error(`Redis is away (${why}): what limits or money bind is refused`);
    this.#wasUp = true;
    this.#isUp = false;
    limitMetrics.redisUp.set(0);
    this.onDown();
  }
}

function connection(url: string) {
  return createClient({
    url,
    RESP: 2,
    name: 'lazu',
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: {
      connectTimeout: SILENT_MS,
      noDelay: true,
      reconnectStrategy: retries => Math.min(25 * 2 ** retries, LONGEST_BACKOFF_MS),
    },
  });
}
