import type { Proof } from './proof.js';
import type { QuotaPeriod } from './quota-period.js';

/** What a request asks for before it is dispatched, at its dearest candidate. */
export interface Reservation {
  readonly requestId: string;
  readonly accountId: string;
  readonly keyId: string;
  /** Requests of this key per rolling 60 s; undefined: no limit. */
  readonly rpm: number | undefined;
  /** Requests of all keys of the account together per rolling 60 s; undefined: no limit. */
  readonly accountRpm?: number | undefined;
  /** Tokens of this key per rolling 60 s; undefined: no limit. */
  readonly tpm: number | undefined;
  /** Tokens of all keys of the account together per rolling 60 s; undefined: no limit. */
  readonly accountTpm?: number | undefined;
  /** Admitted estimate: input, and the output that this model usually gives. */
  readonly tokens: number;
  /** Worst-case money to hold, microUSD; 0n: nothing that money binds. */
  readonly holdMicroUsd: bigint;
  /** Cap of this key in microUSD per `quotaPeriod`; undefined: none. */
  readonly quotaMicroUsd: bigint | undefined;
  readonly quotaPeriod: QuotaPeriod | undefined;
  /** `Date.now()` when the caller was identified. */
  readonly startedAt: number;
}

/** What `x-ratelimit-*` says. Absent numbers: no limit of that kind. `reset` in ms until the window is empty again. */
export interface Standing {
  readonly limitRequests?: number;
  readonly remainingRequests?: number;
  readonly resetRequestsMs?: number;
  readonly limitTokens?: number;
  readonly remainingTokens?: number;
  readonly resetTokensMs?: number;
}

/** Why a key, or every key of an account, is refused: the code that its caller gets. */
export type Revocation = 'invalid_api_key' | 'token_disabled' | 'token_expired' | 'account_suspended';

/** What does not cover a request: its account's balance, or its key's quota. */
export type Shortage = 'balance' | 'key_quota';

export type Verdict =
  | { readonly admitted: true; readonly standing: Standing | undefined }
  | {
      readonly admitted: false;
      readonly reason: 'revoked';
      readonly why: Revocation;
      readonly retryAfter?: undefined;
      readonly standing: undefined;
    }
  | {
      readonly admitted: false;
      readonly reason: 'requests' | 'tokens' | Shortage;
      /** Seconds until a slot frees, at most 60; absent when waiting does not help. */
      readonly retryAfter?: number;
      readonly standing: Standing | undefined;
    };

/** What there is to spend, by the same counters that `reserve` looks at. Undefined: does not bind. */
export interface Left {
  /** `balanceMicroUsd`: the ledger's, less the charges that are not posted yet. */
  readonly account: { readonly balanceMicroUsd: bigint; readonly heldMicroUsd: bigint } | undefined;
  /** In the current quota period, unposted charges included. */
  readonly key: { readonly spentMicroUsd: bigint; readonly heldMicroUsd: bigint } | undefined;
}

/**
 * Rate windows and holds behind one port. In memory for one process; in Redis where hosts must agree. A synchronous verdict is
 * what memory gives: the data path awaits only what is a promise.
 */
export interface LimitStore {
  /** Take a slot, the tokens and the hold, or nothing at all. Called once per request. */
  reserve(ask: Reservation): Verdict | Promise<Verdict>;
  /** A stream outgrows its hold. @returns why no more is to be had; undefined: it has grown */
  extend(requestId: string, byMicroUsd: bigint): Shortage | undefined | Promise<Shortage | undefined>;
  /** A request under way has taken so many tokens so far, more than it was admitted with. Not waited for; never throws. */
  correct(requestId: string, tokens: number): void;
  /** The request is over: the hold becomes this charge, the estimate what it took. Idempotent; never throws. */
  settle(requestId: string, chargeMicroUsd: bigint, tokens: number): void;
  /** The request did nothing: hold and tokens come back; its slot in the RPM window does not. Idempotent; never throws. */
  release(requestId: string): void;
  /** @throws LazuError `service_unavailable` */
  left(
    spender: Pick<Reservation, 'accountId' | 'keyId' | 'quotaMicroUsd' | 'quotaPeriod' | 'startedAt'>,
  ): Promise<Left>;
  /**
   * Compares what requests are admitted by with the ledger, the charges that are in no sum yet, and the holds of open requests.
   * @returns undefined: money does not bind here
   * @throws LazuError `service_unavailable`
   */
  prove(): Promise<Proof | undefined>;
  /**
   * Every process that asks this store refuses the key, or without `keyId` all keys of the account, before this resolves; `why`
   * undefined: no longer. Never rejects, and waits for nobody who is away: the change feed tells within a second as well.
   */
  revoke(whose: { readonly accountId: string; readonly keyId?: string }, why: Revocation | undefined): Promise<void>;
  /**
   * A quota binds a key of this account that was free: what it has spent meanwhile counts from the next request on, what was under way when
   * this was called within seconds. Never rejects.
   */
  recount(accountId: string): Promise<void>;
}

export const LimitStore = Symbol('LimitStore');
