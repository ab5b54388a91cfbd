import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, answerStream, chatAnswer, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';
import { until } from '../support/usage.js';

const messages = [{ role: 'user' as const, content: 'Say hello now' }];
/** gpt-4o-mini: 0.15 and 0.60 USD per million tokens. */
const chat = { model: 'gpt-4o-mini', messages, max_tokens: 1_000 };
/** Every byte of the body might be a token, and vendors put up to 1,024 before it; a multiple of 20, so that what is held is what is paid. */
const INPUT = Buffer.byteLength(JSON.stringify(chat)) + 1_024;
/** That and 1,000 tokens of output, rounded up. */
const HOLD = Math.ceil(INPUT * 0.15 + 1_000 * 0.6);

let lazu: TestLazu;
let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({
    BILLING: 'prepaid',
    OPENAI_API_KEY: 'sk-operators-secret',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
  });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

let serial = 0;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const standing = async (key: string) => (await lazu.get('/api/account', bearer(key))).json();

/** An account with so much, to the microUSD, and a key. */
async function tenant(microUsd: number, key: object = {}) {
  const { id } = await lazu.admin('POST', '/api/admin/accounts', { name: `tenant ${++serial}` });
  if (microUsd > 0) {
    const body = { amount_micro_usd: microUsd, reference: 'start', note: 'test' };
    await lazu.admin('POST', `/api/admin/accounts/${id}/adjustments`, body);
  }
  const made = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, { name: 'k', ...key });
  return { id: id as string, key: made.key as string };
}

/** How many of so many requests at once had which status. */
async function together(count: number, key: string) {
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const response = await lazu.post('/v1/chat/completions', chat, bearer(key));
      return { status: response.status, error: (await response.json()).error };
    }),
  );
  const refused = answers.filter(({ status }) => status === 403);
  return { paid: answers.filter(({ status }) => status === 200).length, refused };
}

it('trap 10: of 200 parallel requests exactly those pass that the balance covers, and it never falls below zero', async () => {
  // All of the hold is used; the answers come when all requests have been decided on.
  let release = (): void => undefined;
  const decided = new Promise<void>(resolve => (release = resolve));
  upstream.answers(async (request, response) => {
    await decided;
    await answerJson(chatAnswer('Hello!', { usage: usage(INPUT, 1_000) }))(request, response);
  });
  const { key, id } = await tenant(50 * HOLD + HOLD - 1);
  const all = together(200, key);
  await until(() => upstream.seen.length >= 50);
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(await standing(key)).toMatchObject({ held_micro_usd: 50 * HOLD, available_micro_usd: HOLD - 1 });
  release();
  const { paid, refused } = await all;
  expect(paid).toBe(50);
  expect(upstream.seen).toHaveLength(50);
  expect(refused).toHaveLength(150);
  expect(refused[0]!.error).toMatchObject({ code: 'insufficient_quota', param: 'balance', type: 'insufficient_quota' });
  const left = await standing(key);
  expect(left).toMatchObject({ held_micro_usd: 0, available_micro_usd: left.balance_micro_usd });
  expect(left.balance_micro_usd).toBeGreaterThanOrEqual(0);
  const ledger = async () => (await lazu.admin('GET', `/api/admin/accounts/${id}`)).balance_micro_usd;
  await until(async () => (await ledger()) === left.balance_micro_usd);
  expect((await standing(key)).balance_micro_usd).toBe(left.balance_micro_usd);
});

it('lets a request through as soon as the top-up has been answered', async () => {
  upstream.answers(answerJson(chatAnswer('Hello!')));
  const { id, key } = await tenant(0);
  expect(await together(1, key)).toMatchObject({ paid: 0, refused: [{ error: { param: 'balance' } }] });
  await lazu.admin('POST', `/api/admin/accounts/${id}/topups`, { amount_micro_usd: 5_000_000, reference: 'first' });
  expect((await together(20, key)).paid).toBe(20);
});

it('returns what a failed request held, and charges nothing', async () => {
  upstream.answers(answerJson({ error: { message: 'broken' } }, 500));
  const { key } = await tenant(10 * HOLD);
  await together(3, key);
  expect(await standing(key)).toMatchObject({ balance_micro_usd: 10 * HOLD, held_micro_usd: 0 });
});

it('holds a key to its quota, which is shown by the same counter', async () => {
  upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(10, 1_000) })));
  const { key } = await tenant(1_000 * HOLD, { quota_micro_usd: 3 * HOLD, quota_period: 'day' });
  const { paid, refused } = await together(10, key);
  expect(paid).toBe(3);
  expect(refused[0]!.error).toMatchObject({ code: 'insufficient_quota', param: 'key_quota' });
  const { quota } = await standing(key);
  expect(quota).toMatchObject({ held_micro_usd: 0, used_micro_usd: 3 * 602, remaining_micro_usd: 3 * (HOLD - 602) });
});

describe('a stream that outgrows its hold', () => {
  /** Some 25,600 tokens, of which 1,000 were announced; 0.6 microUSD each. */
  const frames = chatFrames(
    Array.from({ length: 100 }, () => 'word '.repeat(205)),
    { usage: usage(10, 20_500) },
  );
  const stream = async (key: string) => {
    const response = await lazu.post('/v1/chat/completions', { ...chat, stream: true }, bearer(key));
    const text = await response.text();
    const record = await until(
      async () => (await lazu.get(`/api/usage/requests/${response.headers.get('x-lazu-request-id')}`, bearer(key))).ok,
    ).then(() => lazu.get(`/api/usage/requests/${response.headers.get('x-lazu-request-id')}`, bearer(key)));
    return { text, record: await record.json() };
  };

  it('goes on while there is money, and pays what the vendor says', async () => {
    upstream.answers(answerStream(frames, { everyMs: 1 }));
    const { key } = await tenant(HOLD + 20_000);
    const { text, record } = await stream(key);
    expect(text).toContain('[DONE]');
    expect(record).toMatchObject({ status: 'completed', usage_source: 'provider' });
    expect(await standing(key)).toMatchObject({ held_micro_usd: 0, balance_micro_usd: HOLD + 20_000 - 12_302 });
  });

  it('ends in-band when there is none left; the upstream is aborted, and what was delivered is charged', async () => {
    upstream.answers(answerStream(frames, { everyMs: 5, then: 'hang' }));
    const { key } = await tenant(HOLD + 6_000);
    const { text, record } = await stream(key);
    const last = text.trim().split('\n\n').at(-1)!;
    expect(JSON.parse(last.replace('data: ', '')).error).toMatchObject({
      code: 'insufficient_quota',
      param: 'balance',
    });
    expect(text).not.toContain('[DONE]');
    expect(record).toMatchObject({ status: 'failed', usage_source: 'estimated' });
    expect(record.billing.charge_micro_usd).toBeGreaterThan(3_000);
    await until(() => upstream.last.abortedAt !== undefined);
    const left = await standing(key);
    expect(left).toMatchObject({
      held_micro_usd: 0,
      balance_micro_usd: HOLD + 6_000 - record.billing.charge_micro_usd,
    });
    // What is delivered is looked at every 32 KiB: that is the error, 8,192 tokens at most.
    expect(left.balance_micro_usd).toBeGreaterThan(-8_192 * 0.6);
  });
});

it('leaves a ledger that adds up', async () => {
  const check = await lazu.admin('GET', '/api/admin/ledger/check');
  expect(check).toMatchObject({ ok: true, problems: [] });
  expect(check.limits.accounts).toBeGreaterThan(0);
});
