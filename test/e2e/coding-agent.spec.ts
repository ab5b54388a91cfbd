import Anthropic from '@anthropic-ai/sdk';
import { AGENT_VENDORS, agentEnvironment, type Saying, serveBedrock } from '../support/agent-vendors.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, FakeUpstream } from '../support/fake-upstream.js';

const BETAS = ['claude-code-20250219', 'interleaved-thinking-2025-05-14', 'context-management-2025-06-27'];

/** The shape of a coding agent's requests: marks for the cache, a budget for thinking, tools without a type, fields of a beta. */
const frame = (model: string): any => ({
  model,
  max_tokens: 32_000,
  system: [
    { type: 'text', text: 'You are an agent that writes code.' },
    { type: 'text', text: 'The working directory is /src.', cache_control: { type: 'ephemeral' } },
  ],
  tools: [
    {
      name: 'Bash',
      description: 'Runs a command',
      input_schema: {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: { command: { type: 'string' }, timeout: { type: 'number' } },
        required: ['command'],
        additionalProperties: false,
      },
    },
    {
      name: 'Read',
      description: 'Reads a file',
      input_schema: { type: 'object', properties: { path: { type: 'string' } } },
    },
  ],
  metadata: { user_id: 'user_0123_account__session_4567' },
  thinking: { type: 'enabled', budget_tokens: 31_999 },
  betas: BETAS,
});

/** Three answers: two calls at once, one that fails, and the end. */
const SAYINGS: readonly Saying[] = [
  {
    thought: 'I should look around.',
    secret: 'c2VjcmV0MQ',
    text: 'Let me look.',
    calls: [
      { id: 'toolu_1', name: 'Bash', input: { command: 'ls', timeout: 5 } },
      { id: 'toolu_2', name: 'Read', input: { path: 'a.ts' } },
    ],
  },
  { thought: 'Again.', secret: 'c2VjcmV0Mg', calls: [{ id: 'toolu_3', name: 'Read', input: { path: 'b.ts' } }] },
  { thought: 'That is all.', secret: 'c2VjcmV0Mw', text: 'Two files, and one of them is empty.' },
];
const RESULTS: Record<string, object> = {
  toolu_1: { content: 'a.ts\nb.ts' },
  toolu_2: { content: [{ type: 'text', text: 'No such file' }], is_error: true },
  toolu_3: { content: '' },
};

/** Vendors that sign nothing want the text of the thought back. */
const SECRET_IS_THOUGHT = new Set(['openai-chat', 'cohere-chat']);

let lazu: TestLazu;
let upstream: FakeUpstream;
let anthropic: Anthropic;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ ...agentEnvironment(upstream.url), MAX_ATTEMPTS: '1' });
  await serveBedrock((method, path, body) => lazu.admin(method, path, body), upstream.url);
  anthropic = new Anthropic({
    apiKey: null,
    authToken: lazu.apiKey,
    baseURL: lazu.url,
    maxRetries: 0,
    timeout: 60_000,
  });
}, 60_000);
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

describe.each(AGENT_VENDORS)('a coding agent on a model that is reached by $protocol', ({ protocol, model, say }) => {
  it.each([true, false])('works in a loop of three turns, streamed: %s', async streamed => {
    const messages: any[] = [{ role: 'user', content: [{ type: 'text', text: 'What is here?' }] }];
    const sent: any[] = [];
    const requests: string[] = [];
    for (const saying of SAYINGS) {
      upstream.answers(say(saying, streamed));
      const body = { ...frame(model), messages };
      const { message, response } = streamed ? await stream(body) : await whole(body);
      sent.push(upstream.last.body);
      requests.push(response.headers.get('x-lazu-request-id')!);
      const tools = message.content.filter((block: any) => block.type === 'tool_use');
      expect(tools).toMatchObject(saying.calls ?? []);
      const text = message.content.filter((block: any) => block.type === 'text').map((block: any) => block.text);
      expect(text.join('')).toBe(saying.text ?? '');
      const thoughts = message.content.filter((block: any) => block.type === 'thinking');
      expect(thoughts[0].thinking).toBe(SECRET_IS_THOUGHT.has(protocol) ? saying.secret : saying.thought);
      expect(thoughts[0].signature).not.toBe('');
      expect(message.stop_reason).toBe(saying.calls ? 'tool_use' : 'end_turn');
      expect(message.usage).toMatchObject({ input_tokens: 10, output_tokens: 5 });
      // As agents do: what came goes back as it came.
      messages.push({ role: 'assistant', content: message.content });
      const results = tools.map(({ id }: any) => ({ type: 'tool_result', tool_use_id: id, ...RESULTS[id] }));
      if (results.length > 0) messages.push({ role: 'user', content: results });
    }
    // Traps 30 to 32: calls, results and secrets come home.
    const [, second, third] = sent.map(one => JSON.stringify(one));
    const secrets = SAYINGS.map(({ secret }) => (protocol === 'gemini' ? base64(secret!) : secret!));
    expect(second).toContain(secrets[0]);
    expect(third).toContain(secrets[0]);
    expect(third).toContain(secrets[1]);
    for (const said of ['a.ts\\nb.ts', 'No such file']) expect(second).toContain(said);
    expect(third).not.toContain('lazu_');
    for (const id of requests) {
      const record = await lazu.record(id);
      expect(record).toMatchObject({ status: 'completed', usage_source: 'provider', endpoint: '/v1/messages', model });
    }
  });

  it('trap 35: usage is read by the names that this vendor has for it, and costs something', async () => {
    for (const streamed of [true, false]) {
      upstream.answers(say({ text: 'Hello!' }, streamed));
      const body = { model, max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };
      const { response } = streamed ? await stream(body) : await whole(body);
      const { usage, billing } = await lazu.record(response.headers.get('x-lazu-request-id'));
      expect(usage.dimensions).toEqual([
        { name: 'input', quantity: 10 },
        { name: 'output', quantity: 5 },
      ]);
      expect(billing.charge_micro_usd).toBeGreaterThan(0);
    }
  });

  it('is told how many tokens its conversation has', async () => {
    upstream.answers(answerJson({ input_tokens: 77 }));
    const { max_tokens: _max, metadata: _metadata, ...body } = frame(model);
    const asked = { ...body, messages: [{ role: 'user', content: 'What is here?' }] };
    const { data, response } = await anthropic.beta.messages.countTokens(asked).withResponse();
    const isEstimate = response.headers.get('x-lazu-estimated') === 'true';
    if (protocol === 'anthropic-messages') expect([data.input_tokens, isEstimate]).toEqual([77, false]);
    else {
      expect(isEstimate).toBe(true);
      expect(data.input_tokens).toBeGreaterThan(40);
      expect(data.input_tokens).toBeLessThan(150);
      expect(upstream.seen).toEqual([]);
    }
    expect((await lazu.record(response.headers.get('x-lazu-request-id'))).billing.charge_micro_usd).toBe(0);
  });
});

it('an agent takes one conversation through the models of all vendors', async () => {
  const messages: any[] = [{ role: 'user', content: 'What is here?' }];
  for (const { model, say, protocol } of [...AGENT_VENDORS, ...AGENT_VENDORS]) {
    upstream.answers(say({ ...SAYINGS[0]!, text: `I am ${protocol}.` }, true));
    const { message } = await stream({ ...frame(model), messages });
    const body = JSON.stringify(upstream.last.body);
    expect(body).not.toContain('lazu_');
    messages.push({ role: 'assistant', content: message.content });
    const results = ['toolu_1', 'toolu_2'].map(id => ({ type: 'tool_result', tool_use_id: id, ...RESULTS[id] }));
    messages.push({ role: 'user', content: [...results, { type: 'text', text: 'Go on.' }] });
  }
});

async function stream(body: any): Promise<{ message: any; response: Response }> {
  const running = anthropic.beta.messages.stream(body);
  const types: string[] = [];
  running.on('streamEvent', ({ type }) => types.push(type));
  const message = await running.finalMessage();
  expect(types.filter(type => type === 'message_start')).toHaveLength(1);
  expect(types.at(-1)).toBe('message_stop');
  return { message, response: running.response! };
}

async function whole(body: any): Promise<{ message: any; response: Response }> {
  const { data: message, response } = await anthropic.beta.messages.create(body).withResponse();
  return { message, response: response };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
