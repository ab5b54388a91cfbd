/** The steps of admission alone, in this process: what they cost is far below the noise of a whole server. */
import { limitHeaders } from '../../dist/dispatch/headers.js';
import { worstCase } from '../../dist/dispatch/worst-case.js';
import { MemoryLimitStore } from '../../dist/limits/memory-limit-store.js';
import { median } from './statistics.mjs';

const ROUNDS = 9;
const TIMES = 50_000;
const MOST = 2_000_000_000;
const PLENTY = 10n ** 15n;
const nothing = { accountId: 'acct', keyId: 'key', tokens: 200, holdMicroUsd: 0n, startedAt: 1_760_000_000_000 };
const everything = {
  ...nothing,
  rpm: MOST,
  accountRpm: MOST,
  tpm: MOST,
  accountTpm: MOST,
  quotaMicroUsd: PLENTY,
  quotaPeriod: 'day',
};
const source = {
  prepaid: true,
  read: work => work(),
  balance: () => Promise.resolve(PLENTY),
  spent: () => Promise.resolve(0n),
  unflushedOfAccount: () => 0n,
  unflushedOfKey: () => 0n,
  add: () => undefined,
};
const facts = { n: 1, inputTokensBound: 700, images: 0, vendorTools: [], serviceTier: undefined };
const rates = { input: 150_000n, cache_read: 75_000n, output: 600_000n, tool_web_search: 10_000_000_000n };
const routes = [
  {
    price: { id: 'price', rates, tiers: [], serviceTiers: { batch: {}, priority: {} } },
    model: { vendorId: 'openai' },
  },
];

/** @returns {Promise<{nothing: number, everything: number}>} CPU µs per request, medians of alternating rounds */
export async function admissionSteps() {
  const store = new MemoryLimitStore(undefined, { source });
  await store.reserve({ ...everything, holdMicroUsd: 1n, requestId: 'first' });
  await store.reserve({ ...everything, holdMicroUsd: 1n, requestId: 'second' });
  let serial = 0;
  const admit = (ask, holds) => {
    const requestId = `req_${serial++}`;
    const holdMicroUsd = holds ? worstCase(facts, routes, 100).microUsd : 0n;
    const verdict = store.reserve({ ...ask, requestId, holdMicroUsd });
    if (!verdict.admitted) throw new Error('it must be admitted, at once');
    limitHeaders(verdict.standing);
    store.settle(requestId, 20n, 123);
  };
  const measured = (ask, holds) => {
    const before = process.cpuUsage();
    for (let time = 0; time < TIMES; time++) admit(ask, holds);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / TIMES;
  };
  const spent = { nothing: [], everything: [] };
  for (let round = -2; round < ROUNDS; round++) {
    const [without, withAll] = [measured(nothing, false), measured(everything, true)];
    if (round < 0) continue; // the first rounds warm up
    spent.nothing.push(without);
    spent.everything.push(withAll);
  }
  return { nothing: median(spent.nothing), everything: median(spent.everything) };
}
