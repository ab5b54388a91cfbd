import Anthropic from '@anthropic-ai/sdk';
import { AGENT_VENDORS, agentEnvironment, type Saying, serveBedrock } from '../support/agent-vendors.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, FakeUpstream } from '../support/fake-upstream.js';
import { speaks } from '../support/wires.js';

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

const PICTURE = 'iVBORw0KGgoAAAANSUhEUg==';
const CLI_HEADERS = {
  'user-agent': 'claude-cli/2.1.300 (external, cli)',
  'anthropic-version': '2023-06-01',
  'anthropic-beta':
    'claude-code-20250219,context-1m-2025-08-07,interleaved-thinking-2025-05-14,context-management-2025-06-27,' +
    'prompt-caching-scope-2026-01-05,effort-2025-11-24,fine-grained-tool-streaming-2025-05-14,of-tomorrow-2027-01-01',
  'anthropic-dangerous-direct-browser-access': 'true',
  'x-app': 'cli',
  'x-stainless-helper-method': 'stream',
};

/** One request with everything in it that Claude Code has been seen to send: https://code.claude.com/docs/en/llm-gateway */
const claudeCode = (model: string): any => ({
  ...{ model, max_tokens: 32_000, temperature: 1, stream: true },
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.300; cc_entrypoint=cli;' },
    {
      ...{ type: 'text', text: "You are Claude Code, Anthropic's official CLI for Claude." },
      cache_control: { type: 'ephemeral', ttl: '1h', scope: 'global' },
    },
  ],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>\nBe brief.\n</system-reminder>' },
        { type: 'text', text: 'What is here?', cache_control: { type: 'ephemeral' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I looked.', citations: null },
        { type: 'tool_use', id: 'toolu_0', name: 'Bash', input: { command: 'ls' }, caller: { type: 'direct' } },
        { type: 'tool_use', id: 'toolu_9', name: 'Read', input: { path: 'a.png' }, caller: { type: 'direct' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_0', content: 'ls: no such file', is_error: true },
        {
          ...{ type: 'tool_result', tool_use_id: 'toolu_9' },
          content: [
            { type: 'text', text: 'a.png' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PICTURE } },
          ],
          cache_control: { type: 'ephemeral' },
        },
        { type: 'text', text: 'Go on.' },
      ],
    },
  ],
  tools: [
    ...frame(model).tools.map((tool: object) => ({ ...tool, eager_input_streaming: true })),
    {
      ...{ name: 'mcp__files__find', description: 'Finds files', defer_loading: true },
      input_schema: { type: 'object', properties: {} },
      cache_control: { type: 'ephemeral' },
    },
  ],
  tool_choice: { type: 'auto' },
  metadata: { user_id: '{"device_id":"d","account_uuid":"","session_id":"s"}' },
  thinking: { type: 'adaptive', display: 'summarized' },
  output_config: { effort: 'medium' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  diagnostics: { previous_message_id: null },
});

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

  it('is understood with all that Claude Code sends, none of which breaks it', async () => {
    upstream.answers(say(SAYINGS[0]!, true));
    const response = await lazu.post('/v1/messages?beta=true', claudeCode(model), CLI_HEADERS);
    const events = await response.text();
    expect([response.status, events.match(/^event: message_stop$/gm)]).toEqual([200, ['event: message_stop']]);
    const sent = JSON.stringify(upstream.last.body);
    for (const said of ['You are Claude Code', 'What is here?', 'I looked.', 'ls: no such file', PICTURE, '"Bash"'])
      expect(sent.split(said).length - 1).toBeGreaterThanOrEqual(1);
    if (protocol !== 'anthropic-messages') {
      // Hints of Anthropic's that nobody else knows.
      for (const field of ['eager_input_streaming', 'defer_loading', 'context_management', 'diagnostics', '"caller"'])
        expect(sent).not.toContain(field);
      expect(response.headers.get('x-lazu-dropped-params')).toContain('context_management');
    }
    const { stream: _, max_tokens: __, metadata: ___, ...question } = claudeCode(model);
    upstream.answers(answerJson({ input_tokens: 77 }));
    const counted = await lazu.post('/v1/messages/count_tokens?beta=true', question, CLI_HEADERS);
    expect([counted.status, await counted.json()]).toEqual([200, { input_tokens: expect.any(Number) }]);
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

it('an agent that wants thoughts from a model without any gets answers', async () => {
  upstream.answers(speaks({ text: 'Nothing.' }));
  const response = await lazu.post('/v1/messages?beta=true', { ...claudeCode('gpt-4o'), stream: false }, CLI_HEADERS);
  expect([response.status, (await response.json()).content]).toEqual([200, [{ type: 'text', text: 'Nothing.' }]]);
  expect(upstream.last.body).not.toHaveProperty('reasoning_effort');
  expect(response.headers.get('x-lazu-dropped-params')).toContain('output_config.effort');
});

it('an agent that looks where it is gets an answer in its own words', async () => {
  const headers = { 'anthropic-version': '2023-06-01' };
  const models = await lazu.get('/v1/models?limit=1000', headers);
  expect(await models.json()).toMatchObject({
    data: expect.arrayContaining([expect.objectContaining({ type: 'model' })]),
  });
  const model = await lazu.get('/v1/models/claude-haiku-4-5-20251001', headers);
  expect([model.status, await model.json()]).toMatchObject([200, { id: 'claude-haiku-4-5-20251001', type: 'model' }]);
  const telemetry = await lazu.post('/api/event_logging/batch', { events: [] }, headers);
  expect(telemetry.status).toBe(404);
  for (const path of ['/', '/v1/messages', '/api/hello']) {
    const response = await fetch(lazu.url + path, { method: 'HEAD' });
    expect(response.status).toBeLessThan(500);
  }
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
