import type { Charge } from '../../usage/unflushed-charges.js';
import { LONGEST_READING_MS } from './readings.js';
import type { Reply } from './redis-link.js';
import { SCRIPTS, type Script } from './scripts.js';

/** After this a charge that was posted is in the snapshot of every reading that is not over. */
const KEPT_MS = LONGEST_READING_MS + 1_000;
const MOST_AT_ONCE = 1_000;
/** A record that waits longer than this for PostgreSQL is found by the next refresh. */
const RECORDED_MS = 2_000;

/** Tells Redis, by account, what changed in PostgreSQL; what could not be told is told again. */
export class Postings {
  readonly #posted: { readonly at: number; readonly accountId: string; readonly requestIds: readonly string[] }[] = [];
  readonly #changed = new Set<string>();

  constructor(private readonly run: (script: Script, accountId: string, args: readonly string[]) => Promise<Reply>) {}

  /** These charges are in the sums now. */
  posted(charges: ReadonlyMap<string, Charge>): void {
    const byAccount = new Map<string, string[]>();
    for (const [requestId, { accountId }] of charges) {
      const ids = byAccount.get(accountId);
      if (ids) ids.push(requestId);
      else byAccount.set(accountId, [requestId]);
    }
    for (const [accountId, ids] of byAccount) this.postedOf(accountId, ids);
  }

  postedOf(accountId: string, requestIds: readonly string[]): void {
    if (requestIds.length > 0) this.#posted.push({ at: performance.now(), accountId, requestIds });
  }

  /** This charge counts no longer. */
  async rejected(accountId: string, requestId: string): Promise<void> {
    this.#posted.unshift({ at: -Infinity, accountId, requestIds: [requestId] });
    await this.beat();
    await this.changed(accountId);
  }

  /** The sums changed otherwise: the figure in Redis is void. Resolves when Redis knows, or is away; then it is told later. */
  async changed(accountId: string): Promise<void> {
    this.#changed.add(accountId);
    await this.#forget(accountId);
  }

  /** With `BILLING=off` Redis is not told what keys without a quota charge: it is in the sums when the recorder has written it. */
  async recount(accountId: string): Promise<void> {
    await this.changed(accountId);
    setTimeout(() => void this.changed(accountId), RECORDED_MS).unref();
  }

  /** Tells what is due. */
  async beat(): Promise<void> {
    for (const accountId of this.#changed) void this.#forget(accountId);
    const due = performance.now() - KEPT_MS;
    while (this.#posted.length > 0 && this.#posted[0]!.at <= due) {
      const { accountId, requestIds } = this.#posted[0]!;
      try {
        for (let from = 0; from < requestIds.length; from += MOST_AT_ONCE) {
          await this.run(SCRIPTS.posted, accountId, requestIds.slice(from, from + MOST_AT_ONCE));
        }
      } catch {
        return;
      }
      this.#posted.shift();
    }
  }

  async #forget(accountId: string): Promise<void> {
    await this.run(SCRIPTS.forget, accountId, []).then(
      () => this.#changed.delete(accountId),
      () => undefined,
    );
  }
}
