/**
 * The rows of the table. `goals` are ratios of issue "A chat completion, end to end": for `cost` rows requests (chunks) per
 * CPU-second of Lazu over those of the other, so higher is better; for the other kinds Lazu's figure over theirs, lower is better.
 * `translation` rows compare ways through Lazu with the first of them; `in-process` prints its own table (`translate.mjs`).
 */
import { chatBody } from './bodies.mjs';
import { chat, gemini, messages } from './dialects.mjs';
import { MODEL } from './servers/answers.mjs';

const KB = 1024;
const post = (name, bytes, connections, goals) => ({
  name,
  title: `${name} request body`,
  kind: 'cost',
  load: 'wrk',
  body: chatBody(bytes),
  connections,
  // 20,000 requests, or 600 MB of them.
  warmUp: Math.min(20_000, Math.ceil(600e6 / bytes)),
  goals,
});

/** One stream of 100 chunks, as callers of a dialect ask for it. */
export const stream = (dialect, model) => ({
  load: 'streams',
  dialect,
  path: dialect.path(model),
  body: dialect.body(model),
  chunks: 100,
});

/** The same answer for callers of its own dialect, whose bytes pass, and of others, who get it translated. */
const translation = (name, from, model, others) => ({
  name: `from-${name}`,
  title: `Streams of ${from.title}`,
  kind: 'translation',
  connections: 200,
  warmUp: 2_000,
  ways: [
    { ...stream(from, model), name: `${from.title}, passed through` },
    ...others.map(([to, spoken = from.title, by = model]) => ({
      ...stream(to, by),
      name: `${spoken} → ${to.title}`,
      isTranslated: true,
    })),
  ],
  goal: 3,
});

/** Chat has a model that callers of others reach by OpenAI's second protocol. */
const translations = [
  translation('openai', chat, MODEL, [[messages], [gemini], [messages, 'OpenAI Responses', 'gpt-5.6-terra']]),
  translation('anthropic', messages, 'claude-sonnet-4-5', [[chat], [gemini]]),
  translation('gemini', gemini, 'gemini-2.5-flash', [[chat], [messages]]),
];

export const rows = [
  post('600B', 600, 64, { bare: 0.9, portkey: 6 }),
  post('100KB', 100 * KB, 32, { bare: 0.6, portkey: 5 }),
  post('1MB', 1024 * KB, 16, { bare: 0.4, portkey: 4 }),
  {
    name: 'stream',
    title: '200 streams × 100 chunks, per chunk',
    kind: 'cost',
    ...stream(chat, MODEL),
    connections: 200,
    warmUp: 2_000, // streams: 200,000 chunks
    goals: { bare: 0.7, portkey: 2 },
  },
  ...translations,
  { name: 'in-process', title: 'translation without a network', kind: 'in-process' },
  {
    name: 'p50',
    title: 'p50 added at 200 requests/s, ms',
    kind: 'latency',
    body: chatBody(600),
    perSecond: 200,
    warmUp: 2_000,
    goals: { bare: 1.5, portkey: 0.5 },
  },
  {
    name: 'memory',
    title: 'memory per 1,000 open streams, MB',
    kind: 'memory',
    ...stream(chat, MODEL),
    count: 1_000,
    delay: 1_000, // a chunk a second on each
    goals: { bare: 2.5, portkey: 0.6 },
  },
];

/** What gives a ratio its sense: whether more is better. */
export const higherIsBetter = row => row.kind === 'cost';
