import { Logger } from '@nestjs/common';
import { limitMetrics } from '../metrics.js';
import type { Membership } from './membership.js';
import { CODE } from './money-scripts.js';
import { microUsd } from './open-request.js';
import { RedisAway, type Reply } from './redis-link.js';
import { SCRIPTS, type Script } from './scripts.js';
import { bounded, type SharedFunds } from './shared-funds.js';

/** From the first look to what is put down. Charges stay in Redis longer than this after they were posted (`Postings`). */
export const LONGEST_READING_MS = 3_000;

/** What Redis says when a figure has to be read: part of a reply of `reserve`, `extend` or `left`. */
export interface Unread {
  readonly epoch: string;
  readonly seed: string;
  /** Start of the key's period, ms. */
  readonly since: string;
  /** Redis' time, µs. */
  readonly at: string;
}

/** A balance in Redis, beside what it should be. microUSD. */
export interface Compared {
  readonly expected: bigint;
  readonly found: bigint;
}

interface Whose {
  readonly accountId: string;
  readonly keyId: string;
  readonly quotaMicroUsd: bigint | undefined;
}

/**
 * Brings a balance, and what a key has spent, from PostgreSQL to Redis.
 *
 * Each charge counts once, in the sum that is read or in `charges` of Redis: (1) Redis names the seed, (2) a snapshot of PostgreSQL
 * begins, (3) Redis names the charges it has, (4) the same snapshot says which of them it holds, (5) Redis puts down the sum less all
 * charges that it has by then and the snapshot does not hold. What is settled between 3 and 5 cannot be in the snapshot, since a charge is
 * in Redis before it is posted (`Settlements`); and what is posted in between is still in `charges`, since it is taken out of it only when
 * every reading that began before is over (`Postings`). If the sums change otherwise meanwhile, or Redis forgets, the seed is another.
 */
export class Readings {
  readonly #log = new Logger('Limits');
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(
    private readonly funds: SharedFunds,
    private readonly run: (script: Script, accountId: string, args: readonly string[]) => Promise<Reply>,
    private readonly membership: Pick<Membership, 'assertOpen'>,
    /** These are in the sums: Redis may forget them, in time. */
    private readonly posted: (accountId: string, requestIds: readonly string[]) => void,
  ) {}

  /** Once for everybody who waits for the same. Whoever asked looks at Redis again then. */
  read(whose: Whose, unread: Unread): Promise<void> {
    const name = whose.quotaMicroUsd === undefined ? whose.accountId : `${whose.accountId} ${whose.keyId}`;
    let reading = this.#underWay.get(name);
    if (!reading) {
      reading = this.#read(whose, unread)
        .catch((error: Error) => {
          if (!(error instanceof RedisAway)) this.#log.error(`what ${name} has left cannot be read: ${error.message}`);
          throw error;
        })
        .finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, reading);
    }
    return reading;
  }

  /**
   * Puts nothing down.
   * @returns undefined: it cannot be told now, or Redis does not know the balance
   */
  async compare(whose: Whose, unread: Unread): Promise<Compared | undefined> {
    const { figures: [expected, found] = [] } = (await this.#figure(SCRIPTS.compare, whose, unread)) ?? {};
    return found === undefined || found === null ? undefined : { expected: microUsd(expected), found: microUsd(found) };
  }

  async #read(whose: Whose, unread: Unread): Promise<void> {
    const found = await this.#figure(SCRIPTS.install, whose, unread);
    if (!found) return;
    const { accountId } = whose;
    this.posted(accountId, found.recorded);
    const [off] = found.figures;
    if (off === '0') return;
    limitMetrics.corrections.inc();
    this.#log.warn(`the balance of ${accountId} was ${String(off)} microUSD off what the ledger says; it is put right`);
  }

  /** @param script what to do with it. @returns undefined: what was read is no longer of use */
  async #figure(
    script: Script,
    { accountId, keyId, quotaMicroUsd }: Whose,
    { epoch, seed, since, at }: Unread,
  ): Promise<{ readonly figures: readonly unknown[]; readonly recorded: readonly string[] } | undefined> {
    if ((await this.membership.assertOpen()) !== epoch) return undefined;
    const { prepaid } = this.funds;
    const found = await this.funds.snapshot(async sums => {
      const balance = prepaid ? bounded(await sums.balance(accountId)) : '';
      const spent = quotaMicroUsd === undefined ? '' : bounded(await sums.spent(accountId, keyId, Number(since)));
      const [code, ids] = await this.run(SCRIPTS.charges, accountId, [epoch, seed]);
      if (code !== CODE.done) return undefined;
      const recorded = await sums.recorded(ids as string[]);
      return { figures: [balance, keyId, spent, since], recorded };
    });
    if (!found) return undefined;
    const longest = String(LONGEST_READING_MS * 1_000);
    const args = [epoch, seed, at, longest, ...found.figures, ...found.recorded];
    const [code, ...figures] = await this.run(script, accountId, args);
    return code === CODE.done ? { figures, recorded: found.recorded } : undefined;
  }
}
