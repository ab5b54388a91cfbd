import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { errorFrame, message, messageFrames, text } from '../support/fake-anthropic.js';
import {
  answerJson,
  answerStream,
  chatAnswer,
  chatChunk,
  chatFrames,
  FakeUpstream,
  usage,
} from '../support/fake-upstream.js';

const MODEL = 'gpt-4o-mini';
const hello = { model: MODEL, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Say hello' }] };
const weather: Anthropic.Tool = {
  name: 'weather',
  description: 'The weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
};

let lazu: TestLazu;
let anthropic: Anthropic;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${upstream.url}/v1` });
  anthropic = new Anthropic({ apiKey: lazu.apiKey, baseURL: lazu.url, maxRetries: 0 });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const recordOf = async (response: { headers: Headers }) => lazu.record(response.headers.get('x-lazu-request-id'));
const dimensionsOf = (record: any): Record<string, number> =>
  Object.fromEntries(record.usage.dimensions.map(({ name, quantity }: any) => [name, quantity]));

describe('the official Anthropic SDK against a model of OpenAI', () => {
  it('is answered whole, in its own words', async () => {
    upstream.answers(answerJson(chatAnswer('Hello!')));
    const { data, response } = await anthropic.messages.create({ ...hello, system: 'Be brief.' }).withResponse();
    expect(upstream.last.path).toBe('/v1/chat/completions');
    expect(upstream.last.headers).toMatchObject({ authorization: 'Bearer sk-upstream' });
    expect(upstream.last.headers).not.toHaveProperty('anthropic-version');
    expect(upstream.last.body).toMatchObject({
      model: MODEL,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Say hello' },
      ],
    });
    expect(data).toMatchObject({
      ...{ id: 'msg_chatcmpl-fake', type: 'message', role: 'assistant', model: MODEL },
      ...{ content: [text('Hello!')], stop_reason: 'end_turn', stop_sequence: null },
      usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 0 },
    });
    expect(await recordOf(response)).toMatchObject({ status: 'completed', resolved_model: 'gpt-4o-2024-08-06' });
  });

  it('traps 4, 5: streams the same, and is metered the same, cached tokens apart', async () => {
    const spent = usage(110, 5, { prompt_tokens_details: { cached_tokens: 100 } });
    upstream.answers(
      answerJson(chatAnswer('Hello there!', { usage: spent })),
      answerStream(chatFrames(['Hello', ' there!'], { usage: spent })),
    );
    const whole = await anthropic.messages.create(hello).withResponse();
    const stream = anthropic.messages.stream(hello);
    const texts: string[] = [];
    let begun: any;
    stream.on('text', piece => texts.push(piece));
    stream.on('streamEvent', event => {
      if (event.type === 'message_start') begun = structuredClone(event.message.usage);
    });
    const streamed = await stream.finalMessage();
    expect(texts).toEqual(['Hello', ' there!']);
    expect(streamed.content).toEqual(whole.data.content);
    const figures = { input_tokens: 10, cache_read_input_tokens: 100, output_tokens: 5 };
    expect([whole.data.usage, streamed.usage]).toMatchObject([figures, figures]);
    // Trap 8: an estimate for who looks at it, and none for who pays.
    expect(begun.input_tokens).toBeGreaterThan(10);
    const [one, other] = [await recordOf(whole.response), await recordOf(stream.response!)];
    expect(dimensionsOf(one)).toEqual({ input: 10, cache_read: 100, output: 5 });
    expect([dimensionsOf(other), other.billing]).toEqual([dimensionsOf(one), one.billing]);
  });

  it('trap 29, 30: parallel tools come as blocks one after the other', async () => {
    const call = (index: number, piece: object, id?: string) =>
      chatChunk({ tool_calls: [{ index, ...(id && { id, type: 'function' }), function: piece }] });
    const chunks = [
      chatChunk({ role: 'assistant', content: 'Two.' }),
      call(0, { name: 'weather', arguments: '' }, 'call_1'),
      call(1, { name: 'weather', arguments: '{"ci' }, 'call_2'),
      call(0, { arguments: '{"city":"Rome"}' }),
      call(1, { arguments: 'ty":"Oslo"}' }),
      chatChunk({}, {}, 'tool_calls'),
      { ...chatChunk({}), choices: [], usage: usage(10, 5) },
    ];
    upstream.answers(answerStream([...chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n']));
    const said = await anthropic.messages.stream({ ...hello, tools: [weather] }).finalMessage();
    expect(said.stop_reason).toBe('tool_use');
    expect(said.content).toMatchObject([
      { type: 'text', text: 'Two.' },
      { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Rome' } },
      { type: 'tool_use', id: 'call_2', name: 'weather', input: { city: 'Oslo' } },
    ]);
    expect(upstream.last.body.tools).toMatchObject([{ type: 'function', function: { name: 'weather' } }]);
  });

  it('takes images, documents, a choice of tools and a schema', async () => {
    upstream.answers(answerJson(chatAnswer('{"city":"Rome"}')));
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    await anthropic.messages.create({
      ...hello,
      tools: [weather],
      tool_choice: { type: 'none' },
      output_config: { format: { type: 'json_schema', schema } },
      stop_sequences: ['END'],
      ...{ temperature: 0.5 },
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which city?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/a.jpg' } },
            {
              type: 'document',
              title: 'a.pdf',
              source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
            },
          ],
        },
      ],
    });
    const { body } = upstream.last;
    expect(body).toMatchObject({ tool_choice: 'none', stop: ['END'], temperature: 0.5 });
    expect(body.response_format).toMatchObject({ type: 'json_schema', json_schema: { schema, strict: true } });
    expect(body.messages[0].content).toMatchObject([
      { type: 'text', text: 'Which city?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.jpg' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    ]);
  });

  it('names the hints that go missing, and refuses what would be missed', async () => {
    upstream.answers(answerJson(chatAnswer('Hi!')));
    const more = { top_k: 5, context_management: { edits: [] }, unheard_of: 1 };
    const { response } = await anthropic.messages.create({ ...hello, ...more }).withResponse();
    const dropped = response.headers.get('x-lazu-dropped-params')!.split(', ').sort();
    expect(dropped).toEqual(['context_management', 'top_k', 'unheard_of']);
    upstream.answers(answerJson(chatAnswer('Hi!')));
    for (const type of ['bash_20250124', 'web_search_20250305']) {
      const tools = [{ type, name: 'x' }];
      const failure = await anthropic.messages.create({ ...hello, tools } as any).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Anthropic.BadRequestError);
      expect(failure).toMatchObject({ error: { error: { code: 'unsupported_parameter', param: 'tools.0.type' } } });
    }
    expect(upstream.seen).toEqual([]);
  });

  it('an unpriced server tool is refused before anything is sent', async () => {
    const tools = [{ type: 'advisor_20260301', name: 'advisor', model: 'claude-opus-4-5' }];
    const failure = await anthropic.messages.create({ ...hello, tools } as any).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 503, error: { error: { code: 'price_unavailable' } } });
  });

  it.each([
    [400, { code: 'context_length_exceeded', message: 'The maximum is 8192 tokens.' }, 400, 'invalid_request_error'],
    [401, { code: 'invalid_api_key', message: 'Wrong key sk-upstream' }, 502, 'api_error'],
    [429, { code: 'rate_limit_exceeded', message: 'Slow down' }, 429, 'rate_limit_error'],
    [503, { code: 'overloaded', message: 'Later' }, 503, 'overloaded_error'],
  ])('hears of %i in its own words', async (status, error, expected, type) => {
    upstream.answers(answerJson({ error }, status));
    const failure = (await anthropic.messages.create(hello).catch((thrown: unknown) => thrown)) as APIError;
    expect([failure.status, failure.type]).toEqual([expected, type]);
    expect(failure.message).not.toContain('sk-upstream');
    if (status === 400) expect(failure.message).toContain('prompt is too long: The maximum is 8192 tokens.');
  });

  it('trap 25: an error in the middle is the last event, costs nothing, and no end follows', async () => {
    const half = chatFrames(['Half an answer']).slice(0, 2);
    upstream.answers(answerStream(half, { then: 'cut' }));
    const response = await lazu.post('/v1/messages', { ...hello, stream: true });
    const body = await response.text();
    expect(body).toContain('Half an answer');
    expect(body).not.toContain('message_stop');
    expect(body).toMatch(/event: error\ndata: \{"type":"error"[^\n]*"upstream_error"[^\n]*\n\n$/);
    expect(await recordOf(response)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
  });

  it('trap 1: who leaves pays for what they got', async () => {
    upstream.answers(answerStream(chatFrames(['One two three four five']).slice(0, 2), { then: 'hang' }));
    const { data: stream, response } = await anthropic.messages.create({ ...hello, stream: true }).withResponse();
    for await (const event of stream) if (event.type === 'content_block_delta') break;
    let record: any;
    do record = await recordOf(response);
    while (record.status !== 'left');
    expect(record).toMatchObject({ usage_source: 'estimated', http_status: 200 });
    expect(dimensionsOf(record).output).toBeGreaterThanOrEqual(5);
  }, 20_000);
});

describe('trap 30: one `message_start`, also when a second channel answers', () => {
  const serve = async (name: string, provider: string, path = '') => {
    await lazu.admin('POST', '/api/admin/channels', {
      ...{ name, provider, lane: 'direct', base_url: upstream.url + path, credential: 'sk-second' },
      ...{ priority: name === 'first' ? 0 : 1, models: [{ model: 'acme/two' }] },
    });
  };

  it('after the first said how it begins, and no more', async () => {
    await lazu.admin('PUT', '/api/admin/models/acme/two', { vendor_id: 'acme', supported_endpoint_types: ['chat'] });
    await lazu.admin('PUT', '/api/admin/models/acme/two/prices/direct', { input_per_mtok: 1, output_per_mtok: 2 });
    await serve('first', 'anthropic');
    await serve('second', 'openai-compatible', '/v1');
    const begun = messageFrames(message([text('Never')])).slice(0, 2);
    upstream.answers(
      answerStream([...begun, errorFrame('overloaded_error', 'Overloaded')]),
      answerStream(chatFrames(['Hello!'], { usage: usage(10, 5) })),
    );
    const stream = anthropic.messages.stream({ ...hello, model: 'acme/two' });
    const starts: string[] = [];
    stream.on('streamEvent', ({ type }) => starts.push(type));
    const said = await stream.finalMessage();
    expect(starts.filter(type => type === 'message_start')).toHaveLength(1);
    expect(said.content).toMatchObject([text('Hello!')]);
    expect(upstream.seen.map(({ path }) => path)).toEqual(['/v1/messages', '/v1/chat/completions']);
    const record = await recordOf(stream.response!);
    expect(record.routing.attempts.map(({ outcome }: any) => outcome)).toEqual(['ok', 'ok']);
  });

  it('and what only models of Anthropic can do goes to the channel that speaks to them', async () => {
    await lazu.admin('PUT', '/api/admin/models/acme/both', { vendor_id: 'acme', supported_endpoint_types: ['chat'] });
    const prices = { input_per_mtok: 1, output_per_mtok: 2, per_tool_web_search: '0.01' };
    await lazu.admin('PUT', '/api/admin/models/acme/both/prices/direct', prices);
    for (const [priority, provider] of ['openai-compatible', 'anthropic'].entries()) {
      await lazu.admin('POST', '/api/admin/channels', {
        ...{ name: `both ${priority}`, provider, lane: 'direct', base_url: upstream.url, credential: 'sk', priority },
        models: [{ model: 'acme/both' }],
      });
    }
    upstream.answers(answerJson(message([text('Found.')])));
    const tools = [{ type: 'web_search_20250305', name: 'web_search' }];
    await anthropic.messages.create({ ...hello, model: 'acme/both', tools } as any);
    expect(upstream.seen.map(({ path }) => path)).toEqual(['/v1/messages']);
    expect(upstream.last.body.tools).toEqual(tools);
  });
});

it('the sandbox answers in this dialect too', async () => {
  const said = await anthropic.messages.stream({ ...hello, model: 'lazu/sandbox', tools: [weather] }).finalMessage();
  expect(said.role).toBe('assistant');
});
