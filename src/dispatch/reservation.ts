import { Inject, Injectable } from '@nestjs/common';
import { refused } from '../auth/admission.js';
import type { Caller } from '../auth/caller.js';
import { KeyRing } from '../auth/key-ring.js';
import type { Route } from '../catalog/route.js';
import { Config } from '../config.js';
import { LazuError } from '../errors.js';
import type { InferenceCall } from '../http/inference.js';
import { LimitStore, type Verdict } from '../limits/limit-store.js';
import type { RequestFacts } from '../protocols/protocol.js';
import type { Cover } from './growth.js';
import { limitHeaders } from './headers.js';
import { UsualOutput } from './usual-output.js';
import { worstCase } from './worst-case.js';

/** Output tokens held for when neither caller nor model names a cap (contract §13). */
const DEFAULT_OUTPUT = 8_192;

/** What an admitted request was given. */
export interface Reserved {
  /** `x-ratelimit-*` */
  readonly limitHeaders: Record<string, string>;
  /** Undefined: no money is held. */
  readonly cover: Cover | undefined;
  /** Tokens that count for it per minute; undefined: nothing counts them. */
  readonly admittedTokens: number | undefined;
}

/** The second step of admission, once routes and prices are known: revocation, windows, quota, hold. */
@Injectable()
export class Reservations {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(LimitStore) private readonly limits: LimitStore,
    private readonly usualOutput: UsualOutput,
    private readonly ring: KeyRing,
  ) {}

  /**
   * @param free nothing is sent that costs: it counts as a request, and as nothing else
   * @returns synchronously where the store answers so
   * @throws LazuError `invalid_api_key`, `request_rate_limit_exceeded`, `token_rate_limit_exceeded` or `insufficient_quota`
   */
  reserve(
    call: InferenceCall,
    facts: RequestFacts,
    routes: readonly Route[],
    free = false,
  ): Reserved | Promise<Reserved> {
    const { caller } = call;
    if (caller.revoked) throw revoked();
    const output =
      facts.maxOutputTokens ?? Math.min(routes[0]?.model.maxOutputTokens ?? DEFAULT_OUTPUT, DEFAULT_OUTPUT);
    const usual = Math.min(output, this.usualOutput.of(routes[0]!.model.name));
    const tokens = free ? 0 : facts.inputTokensEstimate + usual * facts.n;
    const isBound = this.config.billing === 'prepaid' || caller.quotaMicroUsd !== undefined;
    const worst = isBound && !free ? worstCase(facts, routes, output) : undefined;
    const verdict = this.limits.reserve({
      requestId: call.requestId,
      accountId: caller.accountId,
      keyId: caller.keyId,
      rpm: caller.rpm,
      accountRpm: caller.accountRpm,
      tpm: caller.tpm,
      accountTpm: caller.accountTpm,
      tokens,
      holdMicroUsd: worst?.microUsd ?? 0n,
      quotaMicroUsd: caller.quotaMicroUsd,
      quotaPeriod: caller.quotaPeriod,
      startedAt: call.startedAt,
    });
    const isCounted = caller.tpm !== undefined || caller.accountTpm !== undefined;
    const admitted = (given: Verdict): Reserved => {
      if (!given.admitted && given.reason === 'revoked') void this.#doubt(caller);
      return {
        limitHeaders: admit(given, tokens),
        cover: worst && { outputTokens: output * facts.n, picoUsdPerToken: worst.outputPicoUsd },
        admittedTokens: isCounted ? tokens : undefined,
      };
    };
    return verdict instanceof Promise ? verdict.then(admitted) : admitted(verdict);
  }

  /** A shared store may not have heard that a revocation was undone, if it was away then: the database decides. */
  async #doubt({ accountId, keyId }: Caller): Promise<void> {
    if ((await this.ring.isRefused(keyId)) !== false) return;
    await Promise.all([
      this.limits.revoke({ accountId, keyId }, undefined),
      this.limits.revoke({ accountId }, undefined),
    ]);
  }
}

const revoked = () => new LazuError('invalid_api_key', 'This API key has been deleted or disabled.');

const cheaper = 'lower `max_tokens` or send less input';

/** @param tokens what the request was estimated at */
function admit(verdict: Verdict, tokens: number): Record<string, string> {
  const headers = limitHeaders(verdict.standing);
  if (verdict.admitted) return headers;
  const { retryAfter } = verdict;
  const wait = `Try again in ${retryAfter} s.`;
  switch (verdict.reason) {
    case 'revoked':
      throw refused(verdict.why);
    case 'requests':
      throw new LazuError('request_rate_limit_exceeded', `Too many requests per minute. ${wait}`, {
        retryAfter,
        headers,
      });
    case 'tokens':
      throw new LazuError(
        'token_rate_limit_exceeded',
        retryAfter === undefined
          ? `This request alone counts ${tokens} tokens, more than the limit per minute. Lower \`max_tokens\` or send less input.`
          : `Too many tokens per minute. ${wait}`,
        { retryAfter, headers },
      );
    case 'balance':
      throw new LazuError(
        'insufficient_quota',
        `The balance of this account does not cover the dearest outcome of this request. Top it up, or ${cheaper}.`,
        {
          param: 'balance',
          headers,
        },
      );
    case 'key_quota':
      throw new LazuError(
        'insufficient_quota',
        `What is left of the quota of this key does not cover the dearest outcome of this request. Have it raised, or ${cheaper}.`,
        {
          param: 'key_quota',
          headers,
        },
      );
  }
}
