import { jest } from '@jest/globals';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, FakeUpstream, usage } from '../support/fake-upstream.js';
import { until } from '../support/usage.js';

const HOUR = 60 * 60_000;
const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello' }], max_tokens: 1_000 };
/** Of 0.15 and 0.60 USD per million tokens. */
const PAID = 15 + 60;
const realNow = Date.now.bind(Date);

let lazu: TestLazu;
let upstream: FakeUpstream;
let aheadMs = 0;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(100, 100) })));
  lazu = await bootLazu({
    BILLING: 'prepaid',
    OPENAI_API_KEY: 'sk-operators-secret',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
  });
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + aheadMs);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await lazu.close();
  await upstream.stop();
});

it('the host’s clock is set back and forth: each request is recorded, charged and posted once', async () => {
  const { id } = await lazu.admin('POST', '/api/admin/accounts', { name: 'tenant', rpm: 1_000 });
  await lazu.admin('POST', `/api/admin/accounts/${id}/topups`, { amount_micro_usd: 5_000_000, reference: 'first' });
  const key = { name: 'k', quota_micro_usd: 4_000_000, quota_period: 'day' };
  const made = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, key);
  const bearer = { authorization: `Bearer ${made.key}` };
  let served = 0;
  for (const hours of [0, 2, -1, 30, 0, -49, 0.01, 0]) {
    aheadMs = hours * HOUR;
    // Keys that seem not to have been looked at for hours are refused (503) until the next look at the change feed, each second.
    await until(async () => (await lazu.get('/v1/models', bearer)).ok, 5_000);
    for (let n = 0; n < 5; n++) {
      const response = await lazu.post('/v1/chat/completions', chat, bearer);
      expect([hours, response.status, await response.text()]).toEqual([hours, 200, expect.stringContaining('Hello!')]);
      served++;
      const requestId = response.headers.get('x-lazu-request-id');
      const record = await (await lazu.get(`/api/usage/requests/${requestId}`, bearer)).json();
      expect(record).toMatchObject({ status: 'completed', billing: { charge_micro_usd: PAID } });
    }
    const standing = await (await lazu.get('/api/account', bearer)).json();
    expect(standing).toMatchObject({ held_micro_usd: 0, balance_micro_usd: 5_000_000 - served * PAID });
  }
  const balance = async () => (await lazu.admin('GET', `/api/admin/accounts/${id}`)).balance_micro_usd;
  await until(async () => (await balance()) === 5_000_000 - served * PAID, 10_000);
  expect(await lazu.admin('GET', '/api/admin/ledger/check')).toMatchObject({ ok: true, problems: [] });
});
