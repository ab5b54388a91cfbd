import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { anthropicUsage, message, messageFrames, text } from '../support/fake-anthropic.js';
import {
  answerJson,
  answerStream,
  chatAnswer,
  chatFrames,
  FakeUpstream,
  neverAnswers,
  usage,
  type Script,
} from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { until } from '../support/usage.js';

jest.setTimeout(60_000);

const GRACE_MS = 1_000;
const messages = [{ role: 'user', content: 'Tell me a long story, please.' }];
/** Served by a provider of OpenAI's protocol; 0.15 and 0.60 USD per million tokens. */
const CHAT = { model: 'gpt-4o-mini', messages };
/** By one that bills on after a disconnect, and gives one answer a call; 2 and 8 USD. */
const BILLS_ON = { model: 'gpt-4.1', messages };
/** By one that says first what it read, of which 300 cached; 1, 0.1 and 5 USD. */
const CLAUDE = { model: 'claude-haiku-4-5-20251001', messages };
/** 0.02 USD a call, and nothing for tokens. */
const PER_CALL = { model: 'gpt-4.1-mini', messages };
/** What is taken to be the input where no vendor said it: a token for four bytes. */
const estimate = (body: object): number => Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 4);

const FINAL = usage(1_000, 500);
const PAID = 150 + 300;
/** 21 tokens. */
const words = Array.from({ length: 20 }, () => 'word ');
const frames = (options: object = {}) => chatFrames(words, { usage: FINAL, ...options });
const openFrames = chatFrames(words, { done: false }).slice(0, -1); // no usage, no finish, no end
const claudeFrames = messageFrames(
  message([text(words.join(''))], { usage: anthropicUsage(700, 9, { cache_read_input_tokens: 300 }) }),
  { end: false },
);

/** Words, then silence for so long, then the rest. */
const later =
  (ms: number): Script =>
  async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const all = frames();
    for (const frame of all.slice(0, 10)) response.write(frame);
    await sleep(ms);
    response.end(all.slice(10).join(''));
  };
const lateJson =
  (body: object): Script =>
  async (request, response) => {
    await sleep(600);
    await answerJson(body)(request, response);
  };

interface Row {
  readonly answers: readonly Script[];
  readonly body?: object;
  readonly stream?: boolean;
  /** When the caller leaves, ms after the first byte of a stream, or after the question. */
  readonly leaves?: number;
  readonly charge: number | ((dimensions: Readonly<Record<string, number>>) => number);
  readonly record: object;
  readonly aborted?: boolean;
}

const failed = { status: 'failed', usage_source: 'none' };
const left = (usage_source: string) => ({ status: 'left', usage_source });

/** Contract §13, row by row. */
const ANSWERED: [string, Row][] = [
  [
    '2xx: upstream-reported usage',
    {
      answers: [answerJson(chatAnswer('Hi', { usage: FINAL }))],
      charge: PAID,
      record: { status: 'completed', usage_source: 'provider' },
    },
  ],
  [
    '2xx, streamed: upstream-reported usage',
    {
      stream: true,
      answers: [answerStream(frames())],
      charge: PAID,
      record: { status: 'completed', usage_source: 'provider' },
    },
  ],
  [
    'upstream breaks off mid-stream, final usage seen: that usage',
    {
      stream: true,
      answers: [
        answerStream(
          frames({ done: false }).filter(frame => !frame.includes('"stop"')),
          { then: 'cut' },
        ),
      ],
      charge: PAID,
      record: { status: 'failed', usage_source: 'provider' },
    },
  ],
  [
    'per-call: the rate if the upstream took it',
    {
      body: PER_CALL,
      answers: [answerJson(chatAnswer('Hi', { usage: FINAL }))],
      charge: 20_000,
      record: { status: 'completed', usage_source: 'provider' },
    },
  ],
];

const BROKEN: [string, Row][] = [
  [
    'upstream breaks off mid-stream, no final usage: 0',
    { stream: true, answers: [answerStream(openFrames, { then: 'cut' })], charge: 0, record: failed },
  ],
  [
    'upstream breaks off mid-stream, provisional figures count as none: 0',
    { body: CLAUDE, stream: true, answers: [answerStream(claudeFrames, { then: 'cut' })], charge: 0, record: failed },
  ],
  [
    '4xx: 0',
    {
      answers: [answerJson({ error: { message: 'no', type: 'invalid_request_error' } }, 400)],
      charge: 0,
      record: failed,
    },
  ],
  ['5xx: 0', { answers: [answerJson({ error: { message: 'broken' } }, 500)], charge: 0, record: failed }],
  ['timeout: 0', { answers: [neverAnswers], charge: 0, record: { ...failed, error_code: 'upstream_timeout' } }],
  ['network error: 0', { answers: [(_request, response) => void response.destroy()], charge: 0, record: failed }],
  [
    'per-call failure: 0 if it did not',
    { body: PER_CALL, answers: [answerJson({ error: { message: 'broken' } }, 500)], charge: 0, record: failed },
  ],
];

const LEFT: [string, Row][] = [
  [
    'caller leaves mid-stream, final usage within the grace: drained',
    { stream: true, leaves: 50, answers: [later(500)], charge: PAID, record: left('drained'), aborted: false },
  ],
  [
    'caller leaves mid-stream: upstream aborted, estimated input and delivered output by tokenizer',
    {
      stream: true,
      leaves: 100,
      answers: [answerStream(openFrames, { then: 'hang' })],
      charge: ({ input, output }) => Math.round((input! * 15 + output! * 60) / 100),
      record: {
        ...left('estimated'),
        dimensions: [
          { name: 'input', quantity: estimate({ ...CHAT, stream: true }) },
          { name: 'output', quantity: 21 },
        ],
      },
      aborted: true,
    },
  ],
  [
    'caller leaves mid-stream: upstream aborted, vendor-reported input and delivered output by tokenizer',
    {
      body: CLAUDE,
      stream: true,
      leaves: 100,
      answers: [answerStream(claudeFrames, { then: 'hang' })],
      charge: 700 + 30 + 105,
      record: {
        ...left('estimated'),
        dimensions: [
          { name: 'input', quantity: 700 },
          { name: 'cache_read', quantity: 300 },
          { name: 'output', quantity: 21 },
        ],
      },
      aborted: true,
    },
  ],
  [
    'caller leaves mid-stream, provider that bills on: drained beyond the grace',
    {
      body: BILLS_ON,
      stream: true,
      leaves: 50,
      answers: [later(3 * GRACE_MS)],
      charge: 2_000 + 4_000,
      record: left('drained'),
      aborted: false,
    },
  ],
  [
    'caller leaves several answers, each a call: the input of each is charged',
    {
      body: { ...CLAUDE, n: 2 },
      stream: true,
      leaves: 100,
      answers: [answerStream(messageFrames(message([text('word ')]), { end: false }).slice(2), { then: 'hang' })],
      charge: ({ input, output }) => input! + 5 * output!,
      record: {
        ...left('estimated'),
        dimensions: [
          { name: 'input', quantity: 2 * estimate({ ...CLAUDE, n: 2, stream: true }) },
          { name: 'output', quantity: expect.any(Number) },
        ],
      },
      aborted: true,
    },
  ],
  [
    'caller leaves a whole answer: the call runs on, its usage',
    {
      leaves: 100,
      answers: [lateJson(chatAnswer('Hi', { usage: FINAL }))],
      charge: PAID,
      record: left('drained'),
      aborted: false,
    },
  ],
  [
    'caller leaves a whole answer that has no usage: input only',
    {
      leaves: 100,
      answers: [lateJson(chatAnswer('Hi', { usage: undefined }))],
      charge: ({ input }) => Math.round((input! * 15) / 100),
      record: { ...left('estimated'), dimensions: [{ name: 'input', quantity: estimate(CHAT) }] },
      aborted: false,
    },
  ],
];

describe('what a caller pays (contract §13)', () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let dataDir: string;
  let lazu: LazuProcess;
  let serial = 0;
  const GRANT = 10_000_000;

  const start = async (): Promise<void> => {
    const { adminKey } = (lazu as LazuProcess | undefined) ?? {};
    lazu = await LazuProcess.start({
      DATABASE_URL: database.url,
      LAZU_DATA_DIR: dataDir,
      BILLING: 'prepaid',
      LEAVE_GRACE_MS: String(GRACE_MS),
      FIRST_BYTE_TIMEOUT_MS: '2000',
      MAX_ATTEMPTS: '1',
    });
    lazu.adminKey ||= adminKey!;
  };
  beforeAll(async () => {
    [database, upstream] = await Promise.all([createTestDatabase(), FakeUpstream.start()]);
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-outcomes-'));
    await start();
    const channel = (provider: string, model: string, path = '/v1') => {
      const of = { provider, lane: 'direct', base_url: upstream.url + path, credential: 'sk-operators-secret' };
      return lazu.admin('POST', '/api/admin/channels', { name: provider + model, ...of, models: [{ model }] });
    };
    await channel('openai', CHAT.model);
    await channel('openai', PER_CALL.model);
    await channel('openrouter', BILLS_ON.model);
    await channel('anthropic', CLAUDE.model, '');
    const perCall = { input_per_mtok: 0, output_per_mtok: 0, per_request: 0.02 };
    await lazu.admin('PUT', `/api/admin/models/${PER_CALL.model}/prices/direct`, perCall);
  });
  afterAll(async () => {
    await lazu.kill('SIGTERM');
    await Promise.all([upstream.stop(), database.drop()]);
    await rm(dataDir, { recursive: true, force: true });
  });

  const tenant = async () => {
    const { id } = await lazu.admin('POST', '/api/admin/accounts', { name: `tenant ${++serial}` });
    const grant = { amount_micro_usd: GRANT, reference: 'start', note: 'test' };
    await lazu.admin('POST', `/api/admin/accounts/${id}/adjustments`, grant);
    const made = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, { name: 'k' });
    return { id: id as string, key: made.key as string };
  };
  const recordOf = async (accountId: string): Promise<any> => {
    const search = () => lazu.admin('GET', `/api/admin/requests?account_id=${accountId}`);
    await until(async () => (await search()).data.length === 1, 10_000);
    return (await search()).data[0];
  };
  /** Balance and holds as the ledger and as the counter that enforces have them. */
  const paid = async ({ id, key }: { id: string; key: string }): Promise<number> => {
    const { json: shown } = await lazu.fresh('GET', '/api/account', { key });
    expect(shown).toMatchObject({ held_micro_usd: 0, available_micro_usd: shown.balance_micro_usd });
    const ledger = async () => (await lazu.admin('GET', `/api/admin/accounts/${id}`)).balance_micro_usd as number;
    await until(async () => (await ledger()) === shown.balance_micro_usd, 5_000);
    return GRANT - shown.balance_micro_usd;
  };
  /** Asks, and leaves if it should. */
  const ask = async (key: string, body: object, leaves: number | undefined): Promise<void> => {
    const leave = new AbortController();
    const isStream = 'stream' in body;
    const gone = (ms: number | undefined) => (ms === undefined ? undefined : sleep(ms).then(() => leave.abort()));
    if (!isStream) void gone(leaves);
    await lazu
      .post('/v1/chat/completions', body, { key, signal: leave.signal })
      .then(async response => {
        if (isStream) void gone(leaves);
        await response.text();
      })
      .catch(() => undefined);
  };

  const pays = async (_name: string, { answers, body = CHAT, stream, leaves, charge, record, aborted }: Row) => {
    upstream.answers(...answers);
    const who = await tenant();
    await ask(who.key, stream ? { ...body, stream } : body, leaves);
    const found = await recordOf(who.id);
    expect(found).toMatchObject(record);
    const dimensions = Object.fromEntries(found.dimensions.map((one: any) => [one.name, one.quantity]));
    const due = typeof charge === 'number' ? charge : charge(dimensions);
    expect(found.charge_micro_usd).toBe(due);
    if (leaves !== undefined || found.status === 'completed') expect(due).toBeGreaterThan(0);
    expect(await paid(who)).toBe(due);
    if (aborted !== undefined) {
      await until(() => !aborted || upstream.seen.every(({ abortedAt }) => abortedAt !== undefined));
      expect(upstream.last.abortedAt !== undefined).toBe(aborted);
    }
  };

  it.each(ANSWERED)('%s', pays);
  it.each(BROKEN)('trap 2: %s', pays);
  it.each(LEFT)('trap 1: %s', pays);

  it('process killed mid-request: interrupted, 0', async () => {
    upstream.answers(answerStream(openFrames, { then: 'hang' }));
    const who = await tenant();
    const broken = ask(who.key, { ...CHAT, stream: true }, undefined);
    await until(() => upstream.seen.length === 1);
    await sleep(300); // the line `opened` is flushed within 10 ms
    await lazu.kill('SIGKILL');
    await broken;
    await start();
    expect(await recordOf(who.id)).toMatchObject({ status: 'interrupted', charge_micro_usd: 0, usage_source: 'none' });
    expect(await paid(who)).toBe(0);
  });

  it('leaves a ledger that adds up', async () => {
    expect(await lazu.admin('GET', '/api/admin/ledger/check')).toMatchObject({ ok: true, problems: [] });
  });
});
