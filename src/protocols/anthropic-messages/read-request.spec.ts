import { LazuError } from '../../errors.js';
import type { Conversation } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { anthropicMessages } from './index.js';

const { readRequest, writeRequest } = anthropicMessages;
const traits = { maxOutputTokens: 64_000, reasoning: 'budget', sampling: 'both', efforts: [] } as const;
const asking = (more: JsonObject) => readRequest({ model: 'm', max_tokens: 9_000, messages: [], ...more });
const said = (...content: JsonObject[]) => asking({ messages: [{ role: 'user', content }] });
const blocksOf = (...content: JsonObject[]) => said(...content).turns.flatMap(({ blocks }) => blocks);
const written = (conversation: Conversation) =>
  writeRequest(conversation, { model: 'm', stream: false, traits }) as { body: any; dropped: readonly string[] };

function refusal(more: JsonObject): unknown[] {
  try {
    asking(more);
  } catch (error) {
    if (error instanceof LazuError) return [error.code, error.param];
  }
  return [];
}

describe('reading what Claude Code sends', () => {
  const body = {
    model: 'gpt-5',
    max_tokens: 32_000,
    system: [
      { type: 'text', text: 'You are Claude Code.', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'Be careful.', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'List files', cache_control: { type: 'ephemeral' } }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'I should look.', signature: 'EqQB+/==' },
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } },
          { type: 'tool_use', id: 'toolu_2', name: 'Read', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'a.ts', is_error: false },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: [{ type: 'text', text: 'No.' }], is_error: true },
          { type: 'text', text: '<system-reminder>…</system-reminder>' },
        ],
      },
      { role: 'system', content: 'Be quick now.' },
    ],
    tools: [
      { name: 'Bash', description: 'Runs', input_schema: { type: 'object', properties: {} }, defer_loading: true },
      { type: 'custom', name: 'Read', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } },
    ],
    metadata: { user_id: 'user_1' },
    thinking: { type: 'enabled', budget_tokens: 31_999 },
    context_management: { edits: [] },
    stream: true,
    temperature: 1,
  };

  it('says everything in neutral form', () => {
    const { turns, tools, settings, unread } = readRequest(body);
    expect(turns.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user', 'system']);
    expect(turns[0]!.blocks).toMatchObject([{ cache: { lifetime: undefined } }, { cache: { lifetime: '1h' } }]);
    expect(turns[2]!.blocks).toMatchObject([
      { type: 'reasoning', text: 'I should look.' },
      { type: 'opaque', sealed: { protocol: 'anthropic-messages', value: { signature: 'EqQB+/==' } } },
      { type: 'text', text: 'I look.', path: 'messages.1.content.1' },
      { type: 'tool-call', id: 'toolu_1', name: 'Bash', input: '{"command":"ls"}' },
      { type: 'tool-call', id: 'toolu_2', name: 'Read', input: '{}' },
    ]);
    const [first, second, reminder] = turns[3]!.blocks;
    expect(first).toMatchObject({ type: 'tool-result', callId: 'toolu_1', content: [{ text: 'a.ts' }] });
    expect(first).not.toHaveProperty('isError');
    expect(second).toMatchObject({ isError: true });
    expect(reminder).toMatchObject({ type: 'text' });
    expect(tools.map(({ name, strict }) => [name, strict])).toEqual([
      ['Bash', false],
      ['Read', false],
    ]);
    expect(JSON.parse(JSON.stringify(settings))).toEqual({ maxOutputTokens: 32_000, effort: 'high', user: 'user_1' });
    expect(unread).toEqual(['context_management']);
  });

  it('goes back to Anthropic as it came, for what both say', () => {
    const { body: back, dropped } = written(readRequest(body));
    expect(back.messages.slice(0, 2)).toEqual(body.messages.slice(0, 2));
    expect(back.messages[2].content[1]).toEqual((body.messages[2]!.content as unknown[])[1]);
    expect(back.system.slice(0, 2)).toEqual(body.system);
    expect(back).toMatchObject({ max_tokens: 32_000, metadata: body.metadata, thinking: { type: 'enabled' } });
    expect(dropped).toEqual(['context_management']);
  });
});

describe('reading blocks', () => {
  const base64 = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' };

  it('documents: PDF, text, blocks, and what is said about them', () => {
    const blocks = blocksOf(
      { type: 'document', source: base64, title: 'a.pdf', context: 'From Ann.', citations: { enabled: true } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Hé' } },
      { type: 'document', title: 'Two', source: { type: 'content', content: [{ type: 'text', text: 'in blocks' }] } },
      { type: 'document', source: { type: 'content', content: 'in one' } },
      { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
    );
    expect(blocks).toMatchObject([
      { type: 'text', text: 'From Ann.' },
      { type: 'file', name: 'a.pdf', source: { kind: 'bytes', mediaType: 'application/pdf', data: 'JVBERi0=' } },
      { type: 'file', source: { mediaType: 'text/plain', data: Buffer.from('Hé').toString('base64') } },
      { type: 'text', text: 'Two' },
      { type: 'text', text: 'in blocks' },
      { type: 'text', text: 'in one' },
      { type: 'file', source: { kind: 'url', url: 'https://example.com/a.pdf' } },
    ]);
    const cited = said({ type: 'document', source: base64, citations: { enabled: true } });
    expect(cited.unread).toEqual(['messages.0.content.0.citations']);
  });

  it('results of tools: images stay, documents stand behind all results, references to tools become words', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    const blocks = blocksOf(
      { type: 'tool_result', tool_use_id: 'a', content: [image, { type: 'document', source: base64 }] },
      { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'tool_reference', tool_name: 'weather' }] },
      { type: 'tool_result', tool_use_id: 'c' },
    );
    expect(blocks).toMatchObject([
      { type: 'tool-result', callId: 'a', content: [{ type: 'image' }] },
      { type: 'tool-result', callId: 'b', content: [{ type: 'text', text: 'Found the tool weather.' }] },
      { type: 'tool-result', callId: 'c', content: [] },
      { type: 'file' },
    ]);
  });

  it('search results and summaries become words, what the vendor did itself stays sealed', () => {
    const found = { type: 'search_result', title: 'T', source: 's', content: [{ type: 'text', text: 'x' }] };
    const use = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} };
    const result = { type: 'web_search_tool_result', tool_use_id: 's', content: [] };
    expect(blocksOf(found, { type: 'compaction', content: 'So far.' }, use, result)).toMatchObject([
      { type: 'text', text: 'T\ns\nx' },
      { type: 'text', text: 'So far.' },
      { type: 'opaque', sealed: { value: use } },
      { type: 'opaque', sealed: { value: result } },
    ]);
  });

  it('what the system says in the middle is a turn of its own', () => {
    const system = { type: 'mid_conv_system', content: [{ type: 'text', text: 'New rule.' }] };
    const { turns } = said({ type: 'text', text: 'a' }, system, { type: 'text', text: 'b' });
    expect(turns.map(({ role, blocks }) => [role, blocks[0]!.path])).toEqual([
      ['user', 'messages.0.content.0'],
      ['system', 'messages.0.content.1.content.0'],
      ['user', 'messages.0.content.2'],
    ]);
  });

  it.each<[JsonObject, string, string]>([
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'unsupported_parameter', 'messages.0.role'],
    [
      { messages: [{ role: 'user', content: [{ type: 'riddle' }] }] },
      'unsupported_parameter',
      'messages.0.content.0.type',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'http://x' } }] }] },
      'invalid_value',
      'messages.0.content.0.source.url',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result', content: 'x' }] }] },
      'missing_required_parameter',
      'messages.0.content.0.tool_use_id',
    ],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'unsupported_parameter', 'tools.0.type'],
    [{ tools: [{ type: 'bash_20250124', name: 'bash' }] }, 'unsupported_parameter', 'tools.0.type'],
    [{ tools: [{ input_schema: {} }] }, 'missing_required_parameter', 'tools.0.name'],
    [{ tool_choice: { type: 'some' } }, 'unsupported_parameter', 'tool_choice.type'],
    [{ thinking: { type: 'enabled' } }, 'missing_required_parameter', 'thinking.budget_tokens'],
    [{ output_config: { effort: 'huge' } }, 'invalid_value', 'output_config.effort'],
    [{ output_config: { format: { type: 'xml' } } }, 'unsupported_parameter', 'output_config.format.type'],
    [{ max_tokens: 0 }, 'unsupported_parameter', 'max_tokens'],
  ])('refuses %j', (more, code, param) => {
    expect(refusal(more)).toEqual([code, param]);
  });
});

describe('reading settings', () => {
  const settings = (more: JsonObject) => JSON.parse(JSON.stringify(asking(more).settings)) as JsonObject;

  it.each([
    [{ thinking: { type: 'disabled' } }, { effort: 'none' }],
    [{ thinking: { type: 'adaptive' } }, { effort: 'high' }],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, { effort: 'max' }],
    [{ thinking: { type: 'enabled', budget_tokens: 1_024 } }, { effort: 'low' }],
    [{ thinking: { type: 'enabled', budget_tokens: 8_192 } }, { effort: 'medium' }],
    [{ thinking: { type: 'enabled', budget_tokens: 60_000 } }, { effort: 'high' }],
    [{ output_config: { effort: 'low' } }, { effort: 'low' }],
    [{ tool_choice: { type: 'auto' } }, {}],
    [{ tool_choice: { type: 'auto', disable_parallel_tool_use: true } }, { parallelToolCalls: false }],
    [{ tool_choice: { type: 'any' } }, { toolChoice: { mode: 'required' } }],
    [{ tool_choice: { type: 'tool', name: 'f' } }, { toolChoice: { mode: 'one', name: 'f' } }],
    [{ tool_choice: { type: 'none' } }, { toolChoice: { mode: 'none' } }],
    [{ stop_sequences: [] }, {}],
    [
      { stop_sequences: ['x'], temperature: 0, top_p: 0.5 },
      { stop: ['x'], temperature: 0, topP: 0.5 },
    ],
  ])('%j', (more, expected) => {
    expect(settings(more)).toEqual({ maxOutputTokens: 9_000, ...expected });
  });

  it('a schema, under its name of today and of the beta', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } };
    for (const more of [{ output_config: { format } }, { output_format: format }])
      expect(settings(more)).toMatchObject({ outputFormat: { kind: 'schema', schema: format.schema, strict: true } });
  });

  it('drops hints and names them, and says nothing of defaults', () => {
    const more = {
      top_k: 5,
      service_tier: 'standard_only',
      diagnostics: { a: 1 },
      speed: 'standard',
      cache_control: null,
    };
    expect(asking(more).unread).toEqual(['diagnostics']);
    expect(asking(more).settings).toMatchObject({ topK: 5, serviceTier: 'standard' });
    expect(asking({ tools: [{ type: 'tool_search_tool_regex_20251119', name: 's' }] }).unread).toEqual(['tools.0']);
  });
});
