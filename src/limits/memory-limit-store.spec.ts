import fc from 'fast-check';
import type { Reservation, Verdict } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';

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
  tpm: undefined,
  tokens: 10,
  holdMicroUsd: 0n,
  quotaMicroUsd: undefined,
  quotaPeriod: undefined,
  startedAt: 0,
  ...extra,
});

beforeEach(() => {
  at = 1_000_000;
});

describe('rate windows', () => {
  it('costs nothing without a limit: the same verdict for everybody', () => {
    const limits = store();
    const verdict = limits.reserve(ask());
    expect(verdict).toEqual({ admitted: true, standing: undefined });
    expect(limits.reserve(ask({ accountId: 'acct_2' }))).toBe(verdict);
  });

  it('says what is left, when the window empties, and when the next slot frees', () => {
    const limits = store();
    expect(limits.reserve(ask({ rpm: 2 }))).toEqual({
      admitted: true,
      standing: { limitRequests: 2, remainingRequests: 1, resetRequestsMs: 60_000 },
    });
    at += 20_500;
    limits.reserve(ask({ rpm: 2 }));
    at += 1_000;
    expect(limits.reserve(ask({ rpm: 2 }))).toEqual({
      admitted: false,
      reason: 'requests',
      retryAfter: 39, // 38.5 s until the first one leaves
      standing: { limitRequests: 2, remainingRequests: 0, resetRequestsMs: 59_000 },
    });
    at += 38_499;
    expect(limits.reserve(ask({ rpm: 2 })).admitted).toBe(false);
    at += 1;
    expect(limits.reserve(ask({ rpm: 2 })).admitted).toBe(true);
  });

  it('shares the account’s limit among its keys, while a key’s own cap binds that key alone', () => {
    const limits = store();
    const capped = () => limits.reserve(ask({ keyId: 'key_1', rpm: 2, accountRpm: 5 }));
    const free = () => limits.reserve(ask({ keyId: 'key_2', rpm: 5, accountRpm: 5 }));
    expect([capped(), capped(), capped()].map(verdict => verdict.admitted)).toEqual([true, true, false]);
    expect([free(), free(), free(), free()].map(verdict => verdict.admitted)).toEqual([true, true, true, false]);
    // The account's standing is shown where it binds first.
    expect(free().standing).toMatchObject({ limitRequests: 5, remainingRequests: 0 });
  });

  it('takes no slot for what it refuses, from the key or the account', () => {
    const limits = store();
    limits.reserve(ask({ keyId: 'key_1', rpm: 1, accountRpm: 3 }));
    for (let refused = 0; refused < 10; refused++) limits.reserve(ask({ keyId: 'key_1', rpm: 1, accountRpm: 3 }));
    expect(limits.reserve(ask({ keyId: 'key_2', rpm: 3, accountRpm: 3 })).admitted).toBe(true);
  });

  it('follows a limit that changes under way, and waits long enough when it fell', () => {
    const limits = store();
    for (let second = 0; second < 10; second++, at += 1000) limits.reserve(ask({ rpm: 10 }));
    const verdict = limits.reserve(ask({ rpm: 3 }));
    // Ten are in the window, two may stay: the eighth leaves 60 s after second 7; now is second 10.
    expect(verdict).toMatchObject({ admitted: false, retryAfter: 57 });
    expect(limits.reserve(ask({ rpm: 11 })).admitted).toBe(true);
    expect(limits.reserve(ask({ keyId: 'key_0', rpm: 0 }))).toMatchObject({ admitted: false, retryAfter: 60 });
  });

  it('never admits more than the limit in any rolling 60 s, and leaves at least 99 % of it usable', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 50, maxLength: 400 }),
        (rpm, gaps) => {
          const limits = store();
          const admitted: number[] = [];
          for (const gap of gaps) {
            at += gap;
            const verdict = limits.reserve(ask({ rpm }));
            const recent = admitted.filter(time => time > at - 60_000).length;
            expect(verdict.admitted).toBe(recent < rpm);
            if (verdict.admitted) admitted.push(at);
            else {
              const frees = admitted[admitted.length - rpm]! + 60_000 - at;
              expect(verdict.retryAfter).toBe(Math.ceil(frees / 1000));
              expect(verdict.retryAfter).toBeLessThanOrEqual(60);
            }
          }
          for (const [index, time] of admitted.entries()) {
            expect(admitted.slice(index).filter(later => later < time + 60_000).length).toBeLessThanOrEqual(rpm);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
