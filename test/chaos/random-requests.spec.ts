import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenAiSchemas } from '../conformance/support/schemas.js';
import { Seeded } from '../conformance/support/seeded.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { response as responsesAnswer, responseFrames, says } from '../support/fake-responses.js';
import { chatAnswer, chatFrames, usage } from '../support/fake-upstream.js';
import { describeWith, materials } from '../support/materials.js';
import { crowd } from './support/crowd.js';
import { Sampler } from './support/sample.js';

const REQUESTS = 10_000;
/** Any seed will do; this one is played again on every run. */
const SEED = 20_261_122;
const specs = materials('specs', 'random requests made from the OpenAPI schema');

describeWith(specs, `${REQUESTS} random bodies made from OpenAI's schema`, folder => {
  let lazu: TestLazu;
  let upstream: Server;
  let reached = 0;
  const inChat = {
    whole: JSON.stringify(chatAnswer('Hello')),
    streamed: chatFrames(['Hel', 'lo'], { usage: usage(5, 2) }).join(''),
  };
  const response = responsesAnswer([says('Hello')]);
  const inResponses = { whole: JSON.stringify(response), streamed: responseFrames(response).join('') };

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      reached++;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const stream = JSON.parse(Buffer.concat(chunks).toString()).stream === true;
        const { whole, streamed } = request.url!.endsWith('/responses') ? inResponses : inChat; // gpt-5-pro has no chat
        response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
        response.end(stream ? streamed : whole);
      });
    });
    await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    lazu = await bootLazu({
      ...{ OPENAI_API_KEY: 'x', OPENAI_BASE_URL: url, MISTRAL_API_KEY: 'x', MISTRAL_BASE_URL: url },
      ...{ GROQ_API_KEY: 'x', GROQ_BASE_URL: url, DEEPSEEK_API_KEY: 'x', DEEPSEEK_BASE_URL: url },
    });
  });
  afterAll(async () => {
    await lazu.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  it('crash nothing, are no 500, and half of them reach the upstream', async () => {
    const random = new Seeded(SEED);
    const { components } = new OpenAiSchemas(folder);
    const sampler = new Sampler(components, random);
    const often = Array.from({ length: 8 }, () => 'gpt-4o');
    const models = [...often, 'gpt-5', 'mistral-large-latest', 'deepseek-chat', 'gpt-oss-20b', 'lazu/sandbox'];
    const schema = { $ref: '#/components/schemas/CreateChatCompletionRequest' };
    const asked: string[] = [];
    const statuses = new Map<number, number>();
    const bad: object[] = [];

    const body = (at: number): string | Buffer => {
      const made = sampler.value(schema) as Record<string, unknown>;
      if (!random.chance(0.02)) made['model'] = random.pick(models);
      if (made['model'] === 'lazu/sandbox') made['metadata'] = { sandbox_delay_ms: '0' };
      if (random.chance(0.15)) made[random.pick(Object.keys(made))] = sampler.strange();
      asked[at] = JSON.stringify(made);
      return random.chance(0.05) ? damaged(Buffer.from(asked[at]), random) : asked[at];
    };
    await crowd(lazu, REQUESTS, body, (at, { status, headers, text }) => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const fine = status === 200 ? isAnswer(text) : isRefusal(status, text, headers['x-lazu-request-id']);
      if (!fine && bad.length < 5) bad.push({ at, status, text: text.slice(0, 300), asked: asked[at]!.slice(0, 600) });
    });
    const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
    process.stderr.write(`${reached} calls upstream; ${counts.join(', ')}\n`);
    expect(bad).toEqual([]);
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 2);
    expect(reached).toBeGreaterThan(REQUESTS / 2);
    const last = await lazu.post('/v1/chat/completions', {
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'ok' }],
    });
    expect(last.status).toBe(200);
  }, 180_000);
});

const isAnswer = (text: string): boolean => text.startsWith('{"id"') || text.endsWith('data: [DONE]\n\n');

/** The caller's mistake, in the contract's words; or a tool without a price, which is a 503 (contract §13). */
function isRefusal(status: number, text: string, requestId: unknown): boolean {
  const { error } = JSON.parse(text);
  const whole = ['message', 'type', 'code'].every(field => typeof error[field] === 'string');
  return whole && error.request_id === requestId && (status < 500 || error.code === 'price_unavailable');
}

/** Cut off, or with some bytes changed. */
function damaged(bytes: Buffer, random: Seeded): Buffer {
  if (random.chance(0.5)) return bytes.subarray(0, random.below(bytes.length));
  for (let count = 1 + random.below(4); count > 0; count--) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}
