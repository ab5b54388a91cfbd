import type { LazuError } from '../errors.js';
import type { Link } from '../workers/link.js';
import type { Proof } from './proof.js';
import type { Left, LimitStore, Reservation, Shortage, Verdict } from './limit-store.js';
import { CORRECT, EXTEND, FORGET, LEFT, PROVE, RELEASE, RESERVE, SETTLE } from './limit-topics.js';

const ADMITTED: Verdict = Object.freeze({ admitted: true, standing: undefined });
/** The primary answers at once, or when it has read a sum, for which it has 5 s. Beyond, it is stuck: 503. */
const PATIENCE_MS = 6_000;
/** Many balances are read, and some of them again. */
const PROOF_MS = 30_000;

/** A worker's: rate windows, holds and balances are the primary's, so that they are one for all workers (trap 14). */
export class RemoteLimitStore implements LimitStore {
  /** Requests that nothing limits: admitted here, but what they cost counts there. */
  readonly #unlimited = new Map<string, Reservation>();

  constructor(
    private readonly primary: Link,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  reserve(ask: Reservation): Verdict | Promise<Verdict> {
    if (isLimited(ask)) return this.#ask(ask);
    this.#unlimited.set(ask.requestId, ask);
    return ADMITTED;
  }

  extend(requestId: string, byMicroUsd: bigint): Shortage | undefined | Promise<Shortage | undefined> {
    if (this.#unlimited.has(requestId)) return undefined;
    return this.primary.ask(EXTEND, { requestId, byMicroUsd }, this.patienceMs);
  }

  correct(requestId: string, tokens: number): void {
    if (!this.#unlimited.has(requestId)) this.primary.tell(CORRECT, { requestId, tokens });
  }

  settle(requestId: string, chargeMicroUsd: bigint, tokens: number): void {
    const ask = this.#unlimited.get(requestId);
    if (!ask) return this.primary.tell(SETTLE, { requestId, chargeMicroUsd, tokens });
    this.#unlimited.delete(requestId);
    // A quota may be set on this key at any time, and counts what was charged before.
    if (chargeMicroUsd > 0n) this.primary.tell(SETTLE, { requestId, chargeMicroUsd, tokens, ask });
  }

  release(requestId: string): void {
    if (!this.#unlimited.delete(requestId)) this.primary.tell(RELEASE, requestId);
  }

  left(spender: Parameters<LimitStore['left']>[0]): Promise<Left> {
    const { accountId, keyId, quotaMicroUsd, quotaPeriod, startedAt } = spender;
    return this.primary.ask(LEFT, { accountId, keyId, quotaMicroUsd, quotaPeriod, startedAt }, this.patienceMs);
  }

  prove(): Promise<Proof | undefined> {
    return this.primary.ask(PROVE, undefined, PROOF_MS);
  }

  /** The key rings of this host's processes tell each other. */
  async revoke(): Promise<void> {}

  /** The primary counts every charge. */
  async recount(): Promise<void> {}

  /** Resolves when no figure from before is used any more. Never rejects: a refusal is not said on figures older than a second. */
  forget(accountId: string): Promise<void> {
    return this.primary.ask(FORGET, accountId, this.patienceMs).catch(() => undefined);
  }

  async #ask(ask: Reservation): Promise<Verdict> {
    try {
      return await this.primary.ask(RESERVE, ask, this.patienceMs);
    } catch (error) {
      this.release(ask.requestId); // it may be admitted there after all
      throw error as LazuError;
    }
  }
}

function isLimited({ rpm, accountRpm, tpm, accountTpm, holdMicroUsd }: Reservation): boolean {
  return (
    rpm !== undefined || accountRpm !== undefined || tpm !== undefined || accountTpm !== undefined || holdMicroUsd > 0n
  );
}
