import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { firstValueFrom, toArray } from 'rxjs';
import { Flow } from '../../egress/flow.js';
import type { JsonObject } from '../../protocols/protocol.js';
import { sandbox } from './index.js';

const SPEC = join(process.env.SPECS_DIR ?? join(process.cwd(), '../shared/specs'), 'openai.openapi.json');
const required = process.env.LAZU_TEST_REQUIRE === 'all';

(required || existsSync(SPEC) ? describe : describe.skip)(`sandbox against OpenAI's own schema (${SPEC})`, () => {
  let whole: ValidateFunction;
  let chunk: ValidateFunction;

  beforeAll(() => {
    const { components } = JSON.parse(readFileSync(SPEC, 'utf8')) as { components: JsonObject };
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    ajv.addSchema({ $id: 'spec', components: withNullable(components) as JsonObject });
    whole = ajv.compile({ $ref: 'spec#/components/schemas/CreateChatCompletionResponse' });
    chunk = ajv.compile({ $ref: 'spec#/components/schemas/CreateChatCompletionStreamResponse' });
  });

  const tools = ['get_weather', 'get_time'].map(name => ({ type: 'function', function: { name, parameters: {} } }));
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };

  it.each<[string, JsonObject]>([
    ['text', {}],
    ['several answers with log probabilities', { n: 3, logprobs: true, top_logprobs: 2 }],
    ['reasoning', { reasoning_effort: 'high' }],
    ['a cut answer', { max_tokens: 3 }],
    ['tool calls', { tools, messages: [{ role: 'user', content: 'get_weather and get_time' }] }],
    ['structured output', { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }],
    ['usage in the stream', { stream_options: { include_usage: true } }],
  ])('%s', async (_, fields) => {
    const body = { messages: [{ role: 'user', content: 'hi' }], ...fields, metadata: { sandbox_delay_ms: '0' } };
    check(whole, JSON.parse(await answer(body)));
    const frames = (await answer({ ...body, stream: true })).split('\n\n').slice(0, -2);
    expect(frames.length).toBeGreaterThan(2);
    for (const frame of frames) check(chunk, JSON.parse(frame.slice('data: '.length)));
  });
});

async function answer(body: JsonObject): Promise<string> {
  const model = 'lazu/sandbox';
  const channel = { id: 'c', baseUrl: undefined, credential: undefined, options: {} };
  const reply = await sandbox.send!(
    {
      method: 'POST',
      url: new URL('sandbox://lazu/'),
      headers: {},
      body: Buffer.from(JSON.stringify({ model, ...body })),
    },
    { protocol: 'openai-chat', endpoint: 'chat', model, stream: body.stream === true, channel },
    new Flow(),
  );
  return Buffer.concat(await firstValueFrom(reply.bytes$.pipe(toArray()))).toString();
}

function check(validate: ValidateFunction, value: unknown): void {
  validate(value);
  expect({ value, errors: validate.errors ?? null }).toEqual({ value, errors: null });
}

/** The file says OpenAPI 3.1 and still writes `nullable: true` in places, as 3.0 did. */
function withNullable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNullable);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = node as JsonObject;
  const mended = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withNullable(value)]));
  return nullable === true ? { anyOf: [mended, { type: 'null' }] } : mended;
}
