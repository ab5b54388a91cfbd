import { firstValueFrom, toArray } from 'rxjs';
import { Flow } from '../../egress/flow.js';
import type { JsonObject } from '../../protocols/protocol.js';
import type { Outgoing } from '../provider.js';
import { buildRequest } from '../request.js';
import { sandbox } from './index.js';
import { loadTokenizer } from './tokens.js';

const outgoing = (stream: boolean): Outgoing => ({
  protocol: 'openai-chat',
  endpoint: 'chat',
  model: 'lazu/sandbox',
  stream,
  channel: { id: 'env:sandbox', baseUrl: undefined, credential: undefined, options: {} },
});

/** What came over the wire has no type. */
type Wire = ReturnType<typeof JSON.parse>;

const user = (content: unknown) => ({ role: 'user', content });

async function send(change: JsonObject, flow = new Flow()) {
  const body: JsonObject = {
    model: 'lazu/sandbox',
    messages: [user('hi')],
    ...change,
    metadata: { sandbox_delay_ms: '0', ...(change.metadata as object) },
  };
  const to = outgoing(body.stream === true);
  const { request } = buildRequest(sandbox, to, body, Buffer.from(JSON.stringify(body)), {
    askUsage: false,
    headers: {},
  });
  const reply = await sandbox.send!(request, to, flow);
  return { ...reply, text: async () => Buffer.concat(await firstValueFrom(reply.bytes$.pipe(toArray()))).toString() };
}

const ask = async (change: JsonObject): Promise<Wire> => JSON.parse(await (await send(change)).text());

async function stream(change: JsonObject): Promise<Wire[]> {
  const text = await (await send({ ...change, stream: true })).text();
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  const frames = text.split('\n\n').slice(0, -2);
  return frames.map(frame => JSON.parse(frame.slice('data: '.length)));
}

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The forecast for a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const clock = { type: 'function', function: { name: 'get_time', description: 'What the clock says' } };
const pet = { type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 3 } } };

describe('sandbox: text', () => {
  it('says what it is and what was said, the same every time', async () => {
    const [first, second] = [await ask({}), await ask({})];
    expect(first.choices[0].message.content).toBe('This is Lazu\'s sandbox; no model was called. You said: "hi"');
    expect(first.choices[0].finish_reason).toBe('stop');
    expect({ ...second, created: 0 }).toEqual({ ...first, created: 0 });
  });

  it('counts with a real tokenizer', async () => {
    const { usage, choices } = await ask({ messages: [user('How are you today?')] });
    const tokenizer = await loadTokenizer();
    expect(usage.prompt_tokens).toBe(tokenizer.count('user') + tokenizer.count('How are you today?') + 6);
    expect(usage.completion_tokens).toBe(tokenizer.count(choices[0].message.content));
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(usage.prompt_tokens_details.cached_tokens).toBe(0);
  });

  it('streams the same answer with the same usage', async () => {
    const request = { messages: [user('Grüße 👩‍👩‍👧 – 日本語')], reasoning_effort: 'low', n: 2, logprobs: true };
    const whole = await ask(request);
    const chunks = await stream({ ...request, stream_options: { include_usage: true } });
    for (const index of [0, 1]) {
      const deltas = chunks.flatMap(({ choices }) => choices).filter(choice => choice.index === index);
      const joined = (field: string) => deltas.map(({ delta }) => delta[field] ?? '').join('');
      expect(deltas[0].delta.role).toBe('assistant');
      expect(joined('content')).toBe(whole.choices[index].message.content);
      expect(joined('reasoning_content')).toBe(whole.choices[index].message.reasoning_content);
      expect(deltas.flatMap(({ logprobs }) => logprobs?.content ?? [])).toEqual(whole.choices[index].logprobs.content);
      expect(deltas.at(-1).finish_reason).toBe('stop');
    }
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it('sends no usage chunk unasked', async () => {
    const chunks = await stream({});
    expect(chunks.every(chunk => !('usage' in chunk) && chunk.choices.length === 1)).toBe(true);
  });

  it.each(['max_tokens', 'max_completion_tokens'])('honours %s', async field => {
    const { choices, usage } = await ask({ [field]: 4 });
    expect(choices[0].finish_reason).toBe('length');
    expect(usage.completion_tokens).toBe(4);
    expect(choices[0].message.content).toBe('This is Lazu');
  });

  it('honours stop and n', async () => {
    expect((await ask({ stop: [' no model', '!'] })).choices[0].message.content).toBe("This is Lazu's sandbox;");
    const { choices, usage } = await ask({ n: 3 });
    expect(choices.map(({ index }: Wire) => index)).toEqual([0, 1, 2]);
    expect(choices[2].message.content).toMatch(/This is answer 3\.$/);
    expect(usage.completion_tokens).toBeGreaterThan(3 * (await ask({})).usage.completion_tokens);
  });

  it('shows reasoning when effort is asked for, inside the completion tokens', async () => {
    const { choices, usage } = await ask({ reasoning_effort: 'high' });
    expect(choices[0].message.reasoning_content).toMatch(/high effort/);
    const { reasoning_tokens: reasoning } = usage.completion_tokens_details;
    expect(reasoning).toBeGreaterThan(0);
    expect(usage.completion_tokens).toBeGreaterThan(reasoning);
    expect((await ask({ reasoning_effort: 'none' })).choices[0].message.reasoning_content).toBeUndefined();
  });

  it('gives log probabilities when asked', async () => {
    const { logprobs, message } = (await ask({ logprobs: true, top_logprobs: 2 })).choices[0];
    expect(logprobs.content.map(({ token }: Wire) => token).join('')).toBe(message.content);
    expect(logprobs.content[0].top_logprobs).toHaveLength(2);
  });

  it('counts a text without spaces quickly', async () => {
    const started = Date.now();
    const { usage } = await ask({ messages: [user('日本語'.repeat(30_000))] });
    expect(usage.prompt_tokens).toBeGreaterThan(10_000);
    expect(Date.now() - started).toBeLessThan(4000);
  });
});

describe('sandbox: tools', () => {
  const called = (answer: Wire): string[] =>
    (answer.choices[0].message.tool_calls ?? []).map((c: Wire) => c.function.name);

  it('calls the first fitting tool with arguments that the schema allows', async () => {
    const answer = await ask({ tools: [clock, weather], messages: [user('Is there a city with a good forecast?')] });
    expect(answer.choices[0].finish_reason).toBe('tool_calls');
    expect(called(answer)).toEqual(['get_weather']);
    expect(JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments)).toEqual({ city: 'sandbox city' });
    expect(answer.choices[0].message.content).toBeNull();
  });

  it('calls every tool that is named, or one where parallel calls are off', async () => {
    const tools = [weather, clock];
    const messages = [user('call get_time and get_weather')];
    expect(called(await ask({ tools, messages }))).toEqual(['get_weather', 'get_time']);
    expect(called(await ask({ tools, messages, parallel_tool_calls: false }))).toEqual(['get_weather']);
  });

  it('follows tool_choice', async () => {
    const tools = [weather, clock];
    const choose = async (tool_choice: unknown) => called(await ask({ tools, tool_choice }));
    expect(await choose('none')).toEqual([]);
    expect(await choose('required')).toEqual(['get_weather']);
    expect(await choose({ type: 'function', function: { name: 'get_time' } })).toEqual(['get_time']);
    const allowed_tools = { mode: 'required', tools: [{ type: 'function', function: { name: 'get_time' } }] };
    expect(await choose({ type: 'allowed_tools', allowed_tools })).toEqual(['get_time']);
  });

  it('answers in words after the results', async () => {
    const first = await ask({ tools: [weather] });
    const message = first.choices[0].message;
    const result = { role: 'tool', tool_call_id: message.tool_calls[0].id, content: '21 °C' };
    const second = await ask({ tools: [weather], messages: [user('hi'), message, result] });
    expect(called(second)).toEqual([]);
    expect(second.choices[0].message.content).toMatch(/The tools answered: 21 °C/);
  });

  it('streams calls with an index, the id once, and arguments in parts', async () => {
    const chunks = await stream({ tools: [weather, clock], messages: [user('get_weather, get_time')] });
    const parts = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    for (const [index, name] of ['get_weather', 'get_time'].entries()) {
      const own = parts.filter(part => part.index === index);
      expect(own[0]).toMatchObject({ type: 'function', function: { name, arguments: '' } });
      expect(own.filter(part => part.id)).toHaveLength(1);
      expect(() => JSON.parse(own.map(part => part.function.arguments).join(''))).not.toThrow();
    }
    expect(new Set(parts.flatMap(({ id }) => id ?? [])).size).toBe(2);
    expect(chunks.at(-1).choices[0].finish_reason).toBe('tool_calls');
  });

  it('calls custom tools with plain text', async () => {
    const answer = await ask({ tools: [{ type: 'custom', custom: { name: 'shell' } }] });
    expect(answer.choices[0].message.tool_calls[0]).toMatchObject({ type: 'custom', custom: { name: 'shell' } });
  });
});

describe('sandbox: structured output and images', () => {
  it('answers json_schema with an instance, json_object with an object', async () => {
    const response_format = { type: 'json_schema', json_schema: { name: 'pet', strict: true, schema: pet } };
    const answer = await ask({ response_format });
    expect(JSON.parse(answer.choices[0].message.content)).toEqual({ name: 'sandbox name', age: 3 });
    const object = await ask({ response_format: { type: 'json_object' } });
    expect(JSON.parse(object.choices[0].message.content)).toMatchObject({ sandbox: true });
  });

  it('says where a schema asks for more than it can', async () => {
    const schema = { type: 'object', properties: { a: { not: {} } }, required: ['a'] };
    const reply = await send({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } });
    expect(reply.status).toBe(400);
    expect(JSON.parse(await reply.text()).error).toMatchObject({
      param: 'response_format.json_schema.schema',
      message: expect.stringContaining('#/properties/a/not'),
    });
  });

  it('states type and size of an image, and that one by URL was not fetched', async () => {
    const png = Buffer.alloc(24);
    png.write('\x89PNG\r\n\x1a\n', 'latin1');
    png.writeUInt32BE(640, 16);
    png.writeUInt32BE(480, 20);
    const content = [
      { type: 'text', text: 'look' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png.toString('base64')}` } },
      { type: 'image_url', image_url: { url: 'https://example.com/cat.jpg' } },
    ];
    const { choices, usage } = await ask({ messages: [user(content)] });
    expect(choices[0].message.content).toContain(
      'I was given a PNG image of 640×480 pixels, an image given by URL (https://example.com/cat.jpg).',
    );
    expect(usage.prompt_tokens).toBeGreaterThan(85 + 85 + 340);
  });
});

describe('sandbox: faults', () => {
  it.each([
    ['429', 429, '1'],
    ['500', 500, undefined],
  ])('%s', async (fault, status, retryAfter) => {
    const reply = await send({ metadata: { sandbox: fault } });
    expect(reply.status).toBe(status);
    expect(reply.headers['retry-after']).toBe(retryAfter);
    expect(JSON.parse(await reply.text()).error.message).toMatch(/sandbox/);
  });

  it('timeout', async () => {
    await expect(send({ metadata: { sandbox: 'timeout' } })).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('slow takes a second per chunk unless told otherwise', async () => {
    const started = Date.now();
    const reply = await send({ stream: true, metadata: { sandbox: 'slow', sandbox_delay_ms: '40' } });
    await firstValueFrom(reply.bytes$);
    expect(Date.now() - started).toBeGreaterThanOrEqual(35);
  });

  it.each([true, false])('cut breaks off in the middle (stream: %s)', async inStream => {
    const reply = await send({ stream: inStream, metadata: { sandbox: 'cut' } });
    const seen: Uint8Array[] = [];
    const error = await new Promise(resolve => reply.bytes$.subscribe({ next: c => seen.push(c), error: resolve }));
    expect(error).toMatchObject({ code: 'upstream_error', retryable: true });
    expect(seen.length).toBeGreaterThan(0);
    expect(Buffer.concat(seen).toString()).not.toContain('[DONE]');
  });

  it.each([true, false])('malformed ends cleanly in garbage (stream: %s)', async inStream => {
    const text = await (await send({ stream: inStream, metadata: { sandbox: 'malformed' } })).text();
    const last = inStream ? text.trimEnd().split('\n\n').at(-1)!.slice('data: '.length) : text;
    expect(() => JSON.parse(last)).toThrow();
  });

  it('refuses a fault or a delay that it does not know', async () => {
    expect((await send({ metadata: { sandbox: '418' } })).status).toBe(400);
    expect((await send({ metadata: { sandbox_delay_ms: '-1' } })).status).toBe(400);
  });

  it('answers a body that makes no sense with 400', async () => {
    const reply = await send({ messages: [{ role: 'user', content: 7 }] });
    expect(reply.status).toBe(400);
    expect(JSON.parse(await reply.text()).error.param).toBe('messages.0.content');
  });
});

describe('sandbox: flow', () => {
  it('holds its chunks back while the flow is held', async () => {
    const flow = new Flow();
    const { bytes$ } = await send({ stream: true }, flow);
    let seen = 0;
    const done = new Promise<void>(resolve => bytes$.subscribe({ next: () => (seen += 1), complete: resolve }));
    flow.hold();
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(seen).toBe(0);
    flow.resume();
    await done;
    expect(seen).toBeGreaterThan(3);
  });

  it('stops when nobody listens', async () => {
    const { bytes$ } = await send({ stream: true });
    let seen = 0;
    const subscription = bytes$.subscribe(() => {
      seen += 1;
      subscription.unsubscribe();
    });
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(seen).toBe(1);
  });
});
