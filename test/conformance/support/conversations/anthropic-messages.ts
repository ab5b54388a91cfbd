import { writeSeal } from '../../../../src/protocols/anthropic-messages/seals.js';
import type { Sealed } from '../../../../src/protocols/conversation.js';

type Json = Record<string, unknown>;

const text = (words: string, more: Json = {}) => ({ type: 'text', text: words, ...more });
const mark = (ttl?: string) => ({ cache_control: { type: 'ephemeral', ...(ttl && { ttl }) } });
const use = (id: string, city: string) => ({ type: 'tool_use', id, name: 'weather', input: { city } });
const result = (id: string, content: unknown, more: Json = {}) => ({
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
const user = (...content: unknown[]) => ({ role: 'user', content });
const hi = { messages: [{ role: 'user', content: 'Hi' }] };

/** A call that the model made after it had thought, as it comes home from an answer. */
const afterThoughts = (...thoughts: Json[]) => ({
  messages: [
    user(text('Weather in Rome?')),
    { role: 'assistant', content: [...thoughts, text('I look.'), use('toolu_1', 'Rome')] },
    user(result('toolu_1', 'Sun')),
  ],
  tools,
  thinking: { type: 'enabled', budget_tokens: 4_096 },
});
const thought = (signature: string) => ({ type: 'thinking', thinking: 'They want the weather.', signature });
const sealedThought = (sealed: Sealed) => thought(writeSeal(sealed));

/** One conversation per feature, in Anthropic's Messages. */
export const messagesConversations: Readonly<Record<string, Json>> = {
  plain: hi,
  stream: { ...hi, stream: true },
  'what the system says, at the start and in the middle': {
    system: [text('Be brief.'), text('Be kind.')],
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [text('Hello')] },
      { role: 'system', content: 'Speak French.' },
      user(text('Go on.')),
    ],
  },
  'parallel tools, results with an error, an image and a document': {
    tools,
    messages: [
      { role: 'user', content: 'Rome and Oslo?' },
      {
        role: 'assistant',
        content: [thought('EqQB+/=='), text('I look.'), use('toolu_1', 'Rome'), use('toolu_2', 'Oslo')],
      },
      user(result('toolu_1', [text('Sun'), png, pdf]), result('toolu_2', 'No.', { is_error: true }), text('Well?')),
    ],
  },
  'any tool, one at a time': { ...hi, tools, tool_choice: { type: 'any', disable_parallel_tool_use: true } },
  'one tool, strict': { ...hi, tools: [{ ...tools[0], strict: true }], tool_choice: { type: 'tool', name: 'weather' } },
  'no tool': { ...hi, tools, tool_choice: { type: 'none' } },
  'tools as it likes': { ...hi, tools, tool_choice: { type: 'auto' } },
  'tools of the vendor: known by heart': { ...hi, tools: [{ type: 'bash_20250124', name: 'bash' }] },
  'tools of the vendor: search of the web': { ...hi, tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
  'tools of the vendor: code execution': {
    ...hi,
    tools: [{ type: 'code_execution_20250825', name: 'code_execution' }],
  },
  'tools of the vendor: search for tools': {
    ...hi,
    tools: [{ type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' }, ...tools],
  },
  'images and documents': {
    messages: [
      user(png, pdf, {
        ...{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Words.' } },
        context: 'Said:',
      }),
    ],
  },
  'images and documents by URL': {
    messages: [
      user(
        { type: 'image', source: { type: 'url', url: 'https://example.com/a.jpg' } },
        { type: 'document', source: { type: 'url', url: 'https://example.com/b.pdf' } },
      ),
    ],
  },
  'a document with citations': { messages: [user({ ...pdf, citations: { enabled: true } })] },
  'a schema': { ...hi, output_config: { format: { type: 'json_schema', schema } } },
  'a schema that is hard to hold to': {
    ...hi,
    output_config: {
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { size: { type: 'integer', minimum: 1 }, 'a/b': { type: 'string', pattern: '^B' } },
        },
      },
    },
  },
  'a budget for thinking': { ...hi, thinking: { type: 'enabled', budget_tokens: 8_192 } },
  'effort by name': { ...hi, thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
  'no thinking': { ...hi, thinking: { type: 'disabled' } },
  'thoughts: signed and redacted by Anthropic': afterThoughts(thought('EqQB+/=='), {
    type: 'redacted_thinking',
    data: 'EmwK+/==',
  }),
  'thoughts: between calls': {
    ...afterThoughts(),
    messages: [
      user(text('Rome, then Oslo?')),
      { role: 'assistant', content: [thought('EqQB+/=='), use('toolu_1', 'Rome')] },
      user(result('toolu_1', 'Sun')),
      { role: 'assistant', content: [thought('EqQC+/=='), use('toolu_2', 'Oslo')] },
      user(result('toolu_2', 'Snow')),
    ],
  },
  'thoughts: unsigned': afterThoughts(thought('')),
  'thoughts: encrypted by OpenAI': afterThoughts(
    sealedThought({
      protocol: 'openai-responses',
      value: { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
    }),
  ),
  'thoughts: signed by Gemini': afterThoughts(
    sealedThought({ protocol: 'gemini', value: { signs: 'call', id: 'toolu_1', signature: 'c2ln' } }),
  ),
  'thoughts: signed on Bedrock': afterThoughts(
    sealedThought({
      protocol: 'bedrock-converse',
      value: { reasoningContent: { reasoningText: { text: 'They want …', signature: 'EqQB' } } },
    }),
  ),
  'thoughts: signed at OpenRouter': afterThoughts(
    sealedThought({
      protocol: 'openai-chat',
      value: { reasoning_details: [{ type: 'reasoning.text', text: 'They want …', signature: 'EqQB', index: 0 }] },
    }),
  ),
  'an answer begun': { messages: [user(text('One word:')), { role: 'assistant', content: 'The word is ' }] },
  'numbers and hints': {
    ...hi,
    ...{ max_tokens: 99, temperature: 0.5, top_p: 0.9, top_k: 5, stop_sequences: ['END'] },
    ...{ metadata: { user_id: 'ann' }, context_management: { edits: [] } },
  },
  'many stop sequences': { ...hi, stop_sequences: ['a', 'b', 'c', 'd', 'e', 'f'] },
  'a service tier': { ...hi, service_tier: 'standard_only' },
  'marks for the cache': {
    system: [text('Be brief.', mark())],
    tools: [{ ...tools[0], ...mark('1h') }],
    messages: [user(text('Hi', mark()))],
  },
  'what the vendor did itself, found pages, a summary': {
    messages: [
      user({ type: 'search_result', title: 'T', source: 'S', content: [text('Found.')] }),
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
  'a turn that was paused': {
    messages: [
      { role: 'user', content: 'Search.' },
      {
        role: 'assistant',
        content: [text('I search.'), { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } }],
      },
    ],
  },
};
