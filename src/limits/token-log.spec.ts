import fc from 'fast-check';
import type { Reservation, Verdict } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { TokenLog } from './token-log.js';

let at = 0;
let serial = 0;
/** Where no money has to be read, every verdict is synchronous. */
type Synchronous = { reserve(ask: Reservation): Verdict } & MemoryLimitStore;
const store = () => new MemoryLimitStore(() => at) as Synchronous;
const ask = (extra: Partial<Reservation> = {}): Reservation => ({
  requestId: `req_${++serial}`,
  accountId: 'acct_1',
  keyId: 'key_1',
  rpm: undefined,
  tpm: 1_000,
  tokens: 100,
  holdMicroUsd: 0n,
  quotaMicroUsd: undefined,
  quotaPeriod: undefined,
  startedAt: 0,
  ...extra,
});

beforeEach(() => {
  at = 1_000_000;
});

describe('token windows', () => {
  it('say what is left, when the window empties, and when there is room again', () => {
    const limits = store();
    expect(limits.reserve(ask({ tokens: 700 }))).toEqual({
      admitted: true,
      standing: { limitTokens: 1_000, remainingTokens: 300, resetTokensMs: 60_000 },
    });
    at += 20_500;
    expect(limits.reserve(ask({ tokens: 400 }))).toEqual({
      admitted: false,
      reason: 'tokens',
      retryAfter: 40, // 39.5 s until the 700 leave
      standing: { limitTokens: 1_000, remainingTokens: 300, resetTokensMs: 39_500 },
    });
    at += 39_499;
    expect(limits.reserve(ask({ tokens: 400 })).admitted).toBe(false);
    at += 1;
    expect(limits.reserve(ask({ tokens: 400 })).admitted).toBe(true);
  });

  it('refuses a request that alone is more than the limit, without a time to wait for', () => {
    const verdict = store().reserve(ask({ tokens: 1_001 }));
    expect(verdict).toMatchObject({ admitted: false, reason: 'tokens', standing: { remainingTokens: 1_000 } });
    expect(verdict).not.toHaveProperty('retryAfter');
  });

  it('are shared by the keys of an account, while a key’s own cap binds that key alone', () => {
    const limits = store();
    const of = (keyId: string, tpm: number) => limits.reserve(ask({ keyId, tpm, accountTpm: 500 }));
    expect([of('key_1', 200), of('key_1', 200), of('key_1', 200)].map(({ admitted }) => admitted)).toEqual([
      true,
      true,
      false,
    ]);
    expect([1, 2, 3, 4].map(() => of('key_2', 500).admitted)).toEqual([true, true, true, false]);
    expect(of('key_2', 500).standing).toMatchObject({ limitTokens: 500, remainingTokens: 0 });
  });

  it('are corrected when the answer has been counted, once, and given back when there was none', () => {
    const limits = store();
    limits.reserve(ask({ requestId: 'long', tokens: 400 }));
    limits.reserve(ask({ requestId: 'failed', tokens: 400 }));
    limits.settle('long', 0n, 500);
    limits.settle('long', 0n, 500);
    limits.release('failed');
    limits.release('failed');
    expect(limits.reserve(ask({ tokens: 501 })).admitted).toBe(false);
    expect(limits.reserve(ask({ tokens: 500 })).admitted).toBe(true);
  });

  it('do not correct what counts no longer', () => {
    const limits = store();
    limits.reserve(ask({ requestId: 'slow', tokens: 900 }));
    at += 60_001;
    limits.reserve(ask({ tokens: 900 }));
    limits.settle('slow', 0n, 5);
    expect(limits.reserve(ask({ tokens: 101 })).admitted).toBe(false);
  });

  it('trap 15: parallel requests do not slip through before the first one is counted', () => {
    const limits = store();
    const admitted = Array.from({ length: 50 }, () => limits.reserve(ask())).filter(verdict => verdict.admitted);
    expect(admitted).toHaveLength(10);
  });

  it('never admit more than the limit in any rolling 60 s, and leave at least 99 % of it usable', () => {
    const gaps = fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 200 })), {
      minLength: 50,
      maxLength: 400,
    });
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 2_000 }), gaps, (tpm, asks) => {
        const limits = store();
        const admitted: { at: number; tokens: number }[] = [];
        const between = (from: number, to: number) =>
          admitted.reduce((sum, one) => (one.at > from && one.at <= to ? sum + one.tokens : sum), 0);
        for (const [gap, tokens] of asks) {
          at += gap;
          const verdict = limits.reserve(ask({ tpm, tokens }));
          if (verdict.admitted) admitted.push({ at, tokens });
          // Refused only if it would not fit into a window that is 250 ms, 0.4 %, longer.
          else {
            expect(between(at - 60_250, at) + tokens).toBeGreaterThan(tpm);
            expect(verdict.retryAfter).toBeGreaterThan(0);
            expect(verdict.retryAfter).toBeLessThanOrEqual(60);
          }
          expect(between(at - 60_000, at)).toBeLessThanOrEqual(tpm);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('let 99 % of the limit through to somebody who always asks', () => {
    const limits = store();
    let tokens = 0;
    const begun = at;
    for (; at < begun + 600_000; at += 10) if (limits.reserve(ask({ tpm: 10_000, tokens: 10 })).admitted) tokens += 10;
    expect(tokens / 10).toBeGreaterThanOrEqual(9_900);
  });

  it('promise a wait after which it fits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 100 }), gaps => {
        const log = new TokenLog();
        for (const gap of gaps) {
          at += gap;
          const wait = log.freeAfter(at, 500, 90);
          if (wait === 0) log.add(at, 90);
          else expect(log.freeAfter(at + wait, 500, 90)).toBe(0);
        }
      }),
    );
  });
});
