import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expectedStream } from '../conformance/support/expected.js';
import { Seeded } from '../conformance/support/seeded.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { chatChunk, usage } from '../support/fake-upstream.js';
import { crowd, type Answered } from './support/crowd.js';

const STREAMS = 10_000;
/** Any seed will do; this one is played again on every run. */
const SEED = 20_261_122;
const DONE = 'data: [DONE]\n\n';
const WORDS = [
  'Hel',
  'lo ',
  'Zürich',
  '日本',
  '🌊',
  '"',
  '\\n',
  '{"usage":{}}',
  'data: [DONE]\n\n',
  '"error":{"code":1}',
];

/** What the upstream does to one stream. */
interface Plan {
  readonly kind: 'split' | 'cut off' | 'reset' | 'damaged';
  readonly bytes: Buffer;
  readonly usageAsked: boolean;
  /** What a caller must get; undefined where only the manners are set. */
  readonly expected: string | undefined;
}

describe(`${STREAMS} random streams`, () => {
  let lazu: TestLazu;
  let upstream: Server;
  const plans = new Map<number, Plan>();

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const at = Number(JSON.parse(Buffer.concat(chunks).toString()).user);
        void play(plans.get(at)!, new Seeded(SEED + at), response);
      });
    });
    await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    lazu = await bootLazu({ OPENAI_API_KEY: 'x', OPENAI_BASE_URL: url, MAX_ATTEMPTS: '1' });
  });
  afterAll(async () => {
    await lazu.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  it('in random pieces, cut, reset and damaged: no crash, no 500, and no half answer looks whole', async () => {
    const bad: object[] = [];
    const counts: Record<string, number> = {};
    const ask = (at: number): string => {
      const plan = planFor(new Seeded(SEED - at));
      plans.set(at, plan);
      const stream_options = plan.usageAsked ? { include_usage: true } : undefined;
      const messages = [{ role: 'user', content: 'Hi' }];
      return JSON.stringify({ model: 'gpt-4o', messages, user: String(at), stream: true, stream_options });
    };
    await crowd(lazu, STREAMS, ask, (at, answer) => {
      const plan = plans.get(at)!;
      plans.delete(at);
      const outcome = `${plan.kind}: ${answer.status === 200 ? (answer.text.endsWith(DONE) ? 'whole' : 'error') : answer.status}`;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      const fault = faultOf(plan, answer);
      if (fault && bad.length < 5) bad.push({ at, fault, sent: plan.bytes.toString(), ...answer, headers: undefined });
    });
    process.stderr.write(`${JSON.stringify(counts)}\n`);
    expect(bad).toEqual([]);
  }, 180_000);
});

function planFor(random: Seeded): Plan {
  const usageAsked = random.chance(0.5);
  const line = random.chance(0.2) ? '\r\n' : '\n';
  const frames = framesOf(random).map(frame => frame.replaceAll('\n', line));
  const whole = Buffer.from(frames.join(''));
  const kind = random.pick(['split', 'split', 'cut off', 'reset', 'damaged'] as const);
  switch (kind) {
    case 'split':
      return { kind, bytes: whole, usageAsked, expected: expectedStream(whole, usageAsked) };
    case 'cut off':
    case 'reset':
      return { kind, bytes: whole.subarray(0, random.below(whole.length)), usageAsked, expected: undefined };
    case 'damaged':
      return { kind, bytes: damaged(whole, random), usageAsked, expected: undefined };
  }
}

/** A stream as vendors send them: comments, words, an end, usage, a mark. */
function framesOf(random: Seeded): string[] {
  const chunks: object[] = [chatChunk({ role: 'assistant', content: '' }), chatChunk({ content: 'x' })];
  for (let count = random.below(8); count > 0; count--) chunks.push(chatChunk({ content: random.pick(WORDS) }));
  chunks.push(chatChunk({}, random.chance(0.3) ? { usage: usage(5, 2) } : {}, 'stop'));
  if (random.chance(0.5)) chunks.push({ ...chatChunk({}), choices: [], usage: usage(5, 2) });
  const frames = chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`);
  if (random.chance(0.3)) frames.splice(random.below(frames.length), 0, ': waiting\n\n');
  return [...frames, DONE];
}

/** Bytes changed, taken out, put in, or nothing but noise. */
function damaged(whole: Buffer, random: Seeded): Buffer {
  const noise = (length: number) => Buffer.from(Array.from({ length }, () => random.below(256)));
  const at = random.below(whole.length);
  switch (random.below(4)) {
    case 0:
      return noise(random.below(2_000));
    case 1:
      return Buffer.concat([whole.subarray(0, at), noise(1 + random.below(30)), whole.subarray(at)]);
    case 2:
      return Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1 + random.below(30))]);
    default: {
      const bytes = Buffer.from(whole);
      for (let count = 1 + random.below(5); count > 0; count--) bytes[random.below(bytes.length)] = random.below(256);
      return bytes;
    }
  }
}

async function play(plan: Plan, random: Seeded, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of random.split(plan.bytes, 8)) {
    response.write(piece);
    if (random.chance(0.5)) await nextTurn();
  }
  if (plan.kind === 'reset') response.destroy();
  else response.end();
}

/** What is wrong with the answer to such a stream; undefined: nothing. */
function faultOf({ kind, bytes, expected }: Plan, { status, text }: Answered): string | undefined {
  if (expected !== undefined) return status === 200 && text === expected ? undefined : 'not the same bytes';
  if (status !== 200) {
    const { error } = JSON.parse(text);
    return status === 500 || typeof error.code !== 'string' ? 'an error without a name' : undefined;
  }
  const last = text
    .trimEnd()
    .split(/\r?\n\r?\n/)
    .at(-1)!
    .trimStart();
  const failed = last.startsWith('data: {"error":');
  if (failed === text.endsWith(DONE)) return 'neither an end nor an error, or both';
  if (failed) JSON.parse(last.slice('data: '.length));
  const finished = bytes.includes('"finish_reason":"stop"') || bytes.includes('[DONE]');
  if (!failed && kind !== 'damaged' && !finished) return 'half an answer looks whole';
  return undefined;
}
