import { randomUUID } from 'node:crypto';
import type { Spender } from '../funds.js';
import { periodStart } from '../quota-period.js';
import type { Membership } from './membership.js';
import { CODE } from './money-scripts.js';
import type { Compared, Readings } from './readings.js';
import { RedisAway, type Reply } from './redis-link.js';
import { bounded } from './shared-funds.js';

const PATIENCE_MS = 5_000;

/** What a script that looks at money is told: prepaid, quota, since, period, sure, seed. */
export type MoneyArgs = readonly [string, string, string, string, string, string];

/** Asks about money until all that binds is known: reads what Redis lacks, and looks again before a refusal (once a second at most). */
export class Figures {
  readonly #refreshing = new Set<string>();
  readonly #seedPrefix = randomUUID().slice(0, 13);
  #seeds = 0;

  constructor(
    private readonly prepaid: boolean,
    private readonly membership: Membership,
    private readonly readings: Readings,
  ) {}

  /** @throws RedisAway, or what PostgreSQL says, when figures cannot be had */
  async ask(spender: Spender, script: (epoch: string, money: MoneyArgs) => Promise<Reply>): Promise<Reply> {
    const { quotaMicroUsd, quotaPeriod = 'total', startedAt } = spender;
    const quota = quotaMicroUsd === undefined ? '' : bounded(quotaMicroUsd);
    const since = String(periodStart(quotaPeriod, startedAt));
    const end = performance.now() + PATIENCE_MS;
    for (let sure = '0'; ; sure = '1') {
      const epoch = this.membership.epoch ?? (await this.membership.assertOpen());
      const seed = `${this.#seedPrefix}-${this.#seeds++}`;
      const reply = await script(epoch, [this.prepaid ? '1' : '0', quota, since, quotaPeriod, sure, seed]);
      const [code, ...more] = reply;
      if (code !== CODE.unread && code !== CODE.stale) return reply;
      if (performance.now() > end) throw new RedisAway('figures cannot be read in time', false);
      if (code === CODE.stale) {
        this.membership.leave();
        continue;
      }
      const [given, start, at] = more as [string, string, string];
      await inTime(this.readings.read(spender, { epoch, seed: given, since: start, at }), end - performance.now());
    }
  }

  /**
   * Puts nothing down.
   * @param unread asks Redis what a reading needs
   * @returns what the credit of the account should be and what it is, microUSD; undefined: it cannot be told now
   */
  async compare(
    accountId: string,
    unread: (epoch: string, money: MoneyArgs) => Promise<Reply>,
  ): Promise<Compared | undefined> {
    const epoch = this.membership.epoch ?? (await this.membership.assertOpen());
    const [code, ...more] = await unread(epoch, ['1', '', '0', 'total', '0', `${this.#seedPrefix}-${this.#seeds++}`]);
    if (code !== CODE.unread) return undefined;
    const [seed, since, at] = more as [string, string, string];
    return this.readings.compare({ accountId, keyId: '-', quotaMicroUsd: undefined }, { epoch, seed, since, at });
  }

  /**
   * Compares with the ledger while nobody waits.
   * @param unread asks Redis what a reading needs
   */
  async refresh(spender: Spender, unread: (epoch: string, money: MoneyArgs) => Promise<Reply>): Promise<void> {
    if (this.#refreshing.has(spender.accountId)) return;
    this.#refreshing.add(spender.accountId);
    try {
      let isRead = false;
      await this.ask(spender, async (epoch, money) => {
        if (isRead) return [CODE.done];
        isRead = true;
        return unread(epoch, money);
      });
    } catch {
      // with the next request
    } finally {
      this.#refreshing.delete(spender.accountId);
    }
  }
}

async function inTime(reading: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RedisAway('figures cannot be read in time', false)), ms);
  });
  await Promise.race([reading, late]).finally(() => clearTimeout(timer));
}
