import fc from 'fast-check';
import { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';
import { permittedBetas } from './betas.js';
import { readCountFacts, readFacts } from './read-facts.js';
import { readRequest } from './read-request.js';
import { REFUSED_FIELDS } from './stored-objects.js';

const hello = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };
const sizeOf = (body: JsonObject): number => Buffer.byteLength(JSON.stringify(body));
const facts = (more: JsonObject) => {
  const body = { ...hello, ...more };
  return readFacts(body, sizeOf(body));
};
const said = (...content: JsonObject[]) => facts({ messages: [{ role: 'user', content }] });

function refusal(more: JsonObject): unknown[] {
  try {
    facts(more);
  } catch (error) {
    if (error instanceof LazuError) return [error.code, error.param];
  }
  return [];
}

describe('readFacts', () => {
  it('reads what the gateway must know', () => {
    const size = sizeOf(hello);
    expect(readFacts(hello, size)).toEqual({
      model: 'm',
      stream: false,
      includeUsage: true,
      n: 1,
      maxOutputTokens: 10,
      inputTokensBound: size,
      images: 0,
      inputTokensEstimate: Math.ceil(size / 4),
      serviceTier: undefined,
      needs: [],
      vendorTools: [],
    });
    expect(facts({ stream: true, service_tier: 'auto' })).toMatchObject({ stream: true, serviceTier: 'auto' });
  });

  it.each([
    [{ model: undefined }, 'missing_required_parameter', 'model'],
    [{ model: 1 }, 'invalid_request', 'model'],
    [{ max_tokens: undefined }, 'missing_required_parameter', 'max_tokens'],
    [{ max_tokens: '9' }, 'invalid_request', 'max_tokens'],
    [{ max_tokens: -1 }, 'invalid_value', 'max_tokens'],
    [{ messages: [] }, 'invalid_value', 'messages'],
    [{ messages: 'Hi' }, 'invalid_request', 'messages'],
    [{ messages: [{ content: 'Hi' }] }, 'missing_required_parameter', 'messages.0.role'],
    [{ messages: [{ role: 'user' }] }, 'missing_required_parameter', 'messages.0.content'],
    [{ messages: [{ role: 'user', content: [{}] }] }, 'missing_required_parameter', 'messages.0.content.0.type'],
    [{ temperature: 1.1 }, 'invalid_value', 'temperature'],
    [{ stop_sequences: [1] }, 'invalid_request', 'stop_sequences'],
    [{ system: 5 }, 'invalid_request', 'system'],
    [{ stream: 'yes' }, 'invalid_request', 'stream'],
    [{ thinking: true }, 'invalid_request', 'thinking'],
  ])('refuses %j', (more, code, param) => {
    expect(refusal(more)).toEqual([code, param]);
  });

  it('counts tokens of requests without `max_tokens`', () => {
    const { max_tokens: _, ...count } = hello;
    expect(readCountFacts(count, sizeOf(count))).toMatchObject({ maxOutputTokens: undefined });
  });

  it.each(Object.keys(REFUSED_FIELDS))('refuses `%s`, which a shared credential must not pass on', field => {
    expect(refusal({ [field]: 'x' })).toEqual(['unsupported_parameter', field]);
    expect(refusal({ [field]: null })).toEqual([]);
  });

  it.each([
    [{ type: 'image', source: { type: 'file', file_id: 'f' } }, 'source.file_id'],
    [{ type: 'image', source: { type: 'url', url: 'ms://file-1' } }, 'source.url'],
    [{ type: 'document', source: { type: 'url', url: 'gs://bucket/object' } }, 'source.url'],
    [{ type: 'document', source: { type: 'file', file_id: 'f' } }, 'source.file_id'],
    [{ type: 'document', source: { type: 'base64', file_id: 'f', data: '' } }, 'source.file_id'],
    [{ type: 'container_upload', file_id: 'f' }, 'file_id'],
    [
      { type: 'tool_result', tool_use_id: 't', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] },
      'content.0.source.file_id',
    ],
  ])('refuses a file that is stored at the vendor: %j', (block, where) => {
    const messages = [{ role: 'user', content: [block] }];
    expect(refusal({ messages })).toEqual(['unsupported_parameter', `messages.0.content.0.${where}`]);
  });

  it('refuses what costs more than the price says, and names in capitals', () => {
    expect(refusal({ speed: 'fast' })).toEqual(['unsupported_parameter', 'speed']);
    expect(refusal({ speed: 'standard' })).toEqual([]);
    expect(refusal({ inference_geo: 'us' })).toEqual(['unsupported_parameter', 'inference_geo']);
    expect(refusal({ Model: 'dearer' })).toEqual(['unsupported_parameter', 'Model']);
  });

  it('bounds images and documents by rule, not by the length of their base64', () => {
    const data = 'A'.repeat(100_000);
    const image = said({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } });
    expect(image.needs).toEqual(['vision']);
    expect(image).toMatchObject({ images: 1 });
    expect(image.inputTokensBound).toBeLessThan(500);
    expect(image.inputTokensEstimate).toBeLessThan(2_000);
    const pdf = said({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } });
    expect(pdf.inputTokensBound).toBeGreaterThan(100_000);
    expect(pdf.inputTokensEstimate).toBeLessThan(5_000);
    const fetched = said({ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } });
    expect(fetched.inputTokensBound).toBeGreaterThan(200_000);
  });

  it.each([
    [{ name: 'f', input_schema: {} }, 'tools'],
    [{ type: 'custom', name: 'f', input_schema: {} }, 'tools'],
    [{ type: 'bash_20250124', name: 'bash' }, 'tools'],
    [{ type: 'web_search_20250305', name: 'web_search' }, 'tool_web_search'],
    [{ type: 'code_execution_20250825', name: 'code_execution' }, 'tool_code_execution'],
    [{ type: 'web_fetch_20250910', name: 'web_fetch' }, 'tools'],
    [{ type: 'tool_search_tool_regex_20251119', name: 'x' }, 'tools'],
    [{ type: 'advisor_20260301', name: 'advisor' }, 'tool_other'],
    [{ type: 'still_to_come_20270101', name: 'x' }, 'tool_other'],
  ])('knows what %j needs', (tool, need) => {
    expect(facts({ tools: [tool] }).needs).toEqual([need]);
  });
});

describe('whatever a caller sends', () => {
  const junk = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, '', 0, [], {}, [null], [[]], [{}]));
  const or = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ weight: 20, arbitrary }, { weight: 1, arbitrary: junk });
  const types = [
    ...['text', 'image', 'document', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking', 'search_result'],
    ...['compaction', 'mid_conv_system', 'server_tool_use', 'web_search_tool_result', 'container_upload', 'riddle'],
  ];
  const source = fc.record({
    type: fc.constantFrom('base64', 'url', 'text', 'content', 'file'),
    data: junk,
    url: junk,
  });
  const block = fc.record(
    {
      type: or(fc.constantFrom(...types)),
      ...{ text: or(fc.string()), source: or(source), content: or(fc.string()), tool_use_id: or(fc.string()) },
      ...{ id: junk, name: junk, input: junk, thinking: junk, data: or(fc.constant('lazu_x')), title: junk },
      ...{ signature: or(fc.constantFrom('lazu_e30', 'EqQB')), citations: junk, cache_control: junk },
    },
    { requiredKeys: ['type'] },
  );
  const content = or(fc.oneof(fc.string(), fc.array(or(block), { maxLength: 3 })));
  const message = fc.record({ role: or(fc.constantFrom('user', 'assistant', 'system')), content });
  const fields = ['system', 'tools', 'tool_choice', 'thinking', 'output_config', 'metadata', 'stream', 'temperature'];
  const body = fc
    .tuple(
      fc.array(or(message), { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.constantFrom(...fields, ...Object.keys(hello), 'stop_sequences', 'container'), junk), {
        maxLength: 2,
      }),
    )
    .map(([messages, odd]): JsonObject => ({ ...hello, messages, ...Object.fromEntries(odd) }));

  it('is read, or refused in words of the contract', () => {
    let read = 0;
    fc.assert(
      fc.property(body, asked => {
        try {
          readFacts(asked, sizeOf(asked));
          readRequest(asked);
          read++;
        } catch (error) {
          expect(error).toBeInstanceOf(LazuError);
          expect((error as LazuError).status).toBeLessThan(500);
        }
      }),
      { numRuns: 1_000 },
    );
    expect(read).toBeGreaterThan(20);
  });

  it('is not followed into any depth', () => {
    let nested: JsonObject = { type: 'text', text: 'x' };
    for (let depth = 0; depth < 10_000; depth++) nested = { type: 'tool_result', tool_use_id: 't', content: [nested] };
    const messages = [{ role: 'user', content: [nested] }];
    expect(() => readFacts({ ...hello, messages }, 1_000_000)).toThrow(LazuError);
  });
});

describe('permittedBetas', () => {
  it('lets features through that stay inside one request, whatever their date', () => {
    const header = 'claude-code-20250219, interleaved-thinking-2025-05-14,files-api-2025-04-14,context-1m-2025-08-07';
    expect(permittedBetas(header)).toBe('claude-code-20250219,interleaved-thinking-2025-05-14,context-1m-2025-08-07');
    expect(permittedBetas('mcp-client-2025-11-20,skills-2025-10-02,fast-mode-2026-02-01')).toBeUndefined();
    expect(permittedBetas('')).toBeUndefined();
  });
});
