import { LazuError } from '../errors.js';
import { anthropicMessages } from './anthropic-messages/index.js';
import { bedrockConverse } from './bedrock-converse/index.js';
import { gemini } from './gemini/index.js';
import { openaiChat } from './openai-chat/index.js';
import { openaiResponses } from './openai-responses/index.js';
import type { ForeignUpstream, JsonObject } from './protocol.js';

/** What a caller of Anthropic Messages makes go out by every other protocol: reviewed by eye, and changed on purpose only. */
const UPSTREAMS: readonly ForeignUpstream[] = [openaiChat, openaiResponses, gemini, bedrockConverse];
const traits = {
  maxOutputTokens: 32_000,
  reasoning: 'asked',
  sampling: 'both',
  efforts: ['low', 'medium', 'high'],
} as const;

const text = (words: string, more: JsonObject = {}) => ({ type: 'text', text: words, ...more });
const mark = (ttl?: string) => ({ cache_control: { type: 'ephemeral', ...(ttl && { ttl }) } });
const use = (id: string, city: string) => ({ type: 'tool_use', id, name: 'weather', input: { city } });
const result = (id: string, content: unknown, more: JsonObject = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...more,
});
const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } };
const pdf = {
  type: 'document',
  title: 'a.pdf',
  source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
};
const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const tools = [{ name: 'weather', description: 'The weather', input_schema: schema }];
const hi = { messages: [{ role: 'user', content: 'Hi' }] };

const FEATURES: Readonly<Record<string, JsonObject>> = {
  'what the system says, at the start and in the middle': {
    system: [text('Be brief.'), text('Be kind.')],
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [text('Hello')] },
      { role: 'system', content: 'Speak French.' },
      { role: 'user', content: [text('Go on.')] },
    ],
  },
  'parallel tools, results with an error, an image and a document': {
    tools,
    messages: [
      { role: 'user', content: 'Rome and Oslo?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Two.', signature: 'EqQB+/==' },
          text('I look.'),
          use('toolu_1', 'Rome'),
          use('toolu_2', 'Oslo'),
        ],
      },
      {
        role: 'user',
        content: [
          result('toolu_1', [text('Sun'), png, pdf]),
          result('toolu_2', 'No.', { is_error: true }),
          text('Well?'),
        ],
      },
    ],
  },
  'any tool, one at a time': { ...hi, tools, tool_choice: { type: 'any', disable_parallel_tool_use: true } },
  'one tool, strict': { ...hi, tools: [{ ...tools[0], strict: true }], tool_choice: { type: 'tool', name: 'weather' } },
  'no tool': { ...hi, tools, tool_choice: { type: 'none' } },
  'images and documents': {
    messages: [
      {
        role: 'user',
        content: [
          png,
          pdf,
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Words.' }, context: 'Said:' },
        ],
      },
    ],
  },
  // Vendors that cannot fetch get the bytes of them, which dispatch has fetched by then.
  'images and documents by URL': {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://example.com/a.jpg' } },
          { type: 'document', source: { type: 'url', url: 'https://example.com/b.pdf' } },
        ],
      },
    ],
  },
  'a schema': { ...hi, output_config: { format: { type: 'json_schema', schema } } },
  'a budget for thinking': { ...hi, thinking: { type: 'enabled', budget_tokens: 8_192 } },
  'effort by name': { ...hi, thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
  'no thinking': { ...hi, thinking: { type: 'disabled' } },
  'numbers and hints': {
    ...hi,
    ...{
      max_tokens: 99,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop_sequences: ['END'],
      service_tier: 'standard_only',
    },
    ...{ metadata: { user_id: 'ann' }, context_management: { edits: [] } },
  },
  'marks for the cache': {
    system: [text('Be brief.', mark())],
    tools: [{ ...tools[0], ...mark('1h') }],
    messages: [{ role: 'user', content: [text('Hi', mark())] }],
  },
  'what the vendor did itself, found pages, a summary': {
    messages: [
      { role: 'user', content: [{ type: 'search_result', title: 'T', source: 'S', content: [text('Found.')] }] },
      {
        role: 'assistant',
        content: [
          { type: 'compaction', content: 'So far: nothing.' },
          { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } },
          { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
          text('Nothing.'),
        ],
      },
      { role: 'user', content: 'Again.' },
    ],
  },
};

/** A line for each field, and for each member of a list. */
function lines(body: JsonObject): string {
  const members = (value: unknown) =>
    Array.isArray(value) ? value.map(one => `\n  ${JSON.stringify(one)}`).join('') : ` ${JSON.stringify(value)}`;
  return Object.entries(body)
    .map(([name, value]) => `${name}:${members(value)}`)
    .join('\n');
}

function wentOut(upstream: ForeignUpstream, feature: JsonObject): string {
  try {
    const conversation = anthropicMessages.readRequest({ model: 'asked', max_tokens: 9_000, ...feature });
    const { body, dropped } = upstream.writeRequest(conversation, { model: 'called', stream: false, traits });
    return lines({ ...body, ...(dropped.length > 0 && { '(dropped)': dropped }) });
  } catch (error) {
    if (!(error instanceof LazuError)) throw error;
    return `(refused) ${error.code} ${error.param}`;
  }
}

describe.each(UPSTREAMS)('callers of Anthropic Messages by $name', upstream => {
  it.each(Object.entries(FEATURES))('%s', (_name, feature) => {
    expect(wentOut(upstream, feature)).toMatchSnapshot();
  });
});
