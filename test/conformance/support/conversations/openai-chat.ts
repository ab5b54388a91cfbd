import { SEALED_FIELD, writeSeals } from '../../../../src/protocols/openai-chat/sealed.js';
import type { Sealed } from '../../../../src/protocols/conversation.js';

const PIXEL = 'iVBORw0KGgo=';
const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

const user = (content: unknown) => ({ role: 'user', content });
const hello = [user('Hello')];
const tool = (name: string, more: object = {}) => ({
  type: 'function',
  function: { name, description: 'By city', parameters: SCHEMA, ...more },
});
const call = (id: string, name: string, input: object) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});
const result = (tool_call_id: string, content: unknown) => ({ role: 'tool', tool_call_id, content });
const weather = tool('weather');
const asked = { messages: [user('Weather in Bern?')], tools: [weather, tool('traffic')] };
const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/** A call that the model made after it had thought, as it comes home from an answer that was sealed. */
const afterThoughts = (...sealed: Sealed[]) => ({
  messages: [
    user('Weather in Bern?'),
    {
      role: 'assistant',
      content: 'I look.',
      reasoning_content: 'They want the weather.',
      tool_calls: [call('call_1', 'weather', { city: 'Bern' })],
      [SEALED_FIELD]: writeSeals(sealed.map(one => ({ sealed: one, callsBefore: 0, textBefore: false }))),
    },
    result('call_1', 'Sun'),
  ],
  tools: [weather],
  reasoning_effort: 'medium',
});

/** One conversation per feature, in OpenAI's chat: what a reader of a golden wants to see, and nothing more. */
export const chatConversations: Readonly<Record<string, Record<string, unknown>>> = {
  plain: { messages: hello },
  stream: { messages: hello, stream: true, stream_options: { include_usage: true } },
  'system and developer': {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'Be kind.' },
      user('Hi'),
      { role: 'assistant', content: 'Hi!' },
      { role: 'system', content: 'Be briefer.' },
      user('Bye'),
    ],
  },
  'tools over several turns': {
    messages: [
      user('Weather in Bern?'),
      { role: 'assistant', content: 'I look.', tool_calls: [call('call_1', 'weather', { city: 'Bern' })] },
      result('call_1', 'Sun'),
      { role: 'assistant', content: 'Sun. And the traffic?' },
      user('Yes.'),
      { role: 'assistant', content: null, tool_calls: [call('call_2', 'traffic', { city: 'Bern' })] },
      result('call_2', [
        { type: 'text', text: 'Slow: ' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
      ]),
    ],
    tools: asked.tools,
  },
  'parallel tools': {
    messages: [
      user('Bern and Oslo?'),
      {
        role: 'assistant',
        content: '',
        tool_calls: [call('call_1', 'weather', { city: 'Bern' }), call('call_2', 'weather', { city: 'Oslo' })],
      },
      result('call_1', 'Sun'),
      result('call_2', 'Snow'),
    ],
    tools: [weather],
  },
  'one tool at a time': { ...asked, parallel_tool_calls: false },
  'tool choice: auto': { ...asked, tool_choice: 'auto' },
  'tool choice: none': { ...asked, tool_choice: 'none' },
  'tool choice: required': { ...asked, tool_choice: 'required' },
  'tool choice: one': { ...asked, tool_choice: { type: 'function', function: { name: 'weather' } } },
  'tool choice: some': {
    ...asked,
    tool_choice: {
      type: 'allowed_tools',
      allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'traffic' } }] },
    },
  },
  'tool without input': { messages: hello, tools: [{ type: 'function', function: { name: 'now' } }] },
  'strict tool': { messages: hello, tools: [tool('weather', { strict: true })] },
  'JSON schema': {
    messages: hello,
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA, strict: true } },
  },
  'JSON object': { messages: [user('As JSON.')], response_format: { type: 'json_object' } },
  'image by data': {
    messages: [
      user([
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
      ]),
    ],
  },
  'image by place': { messages: [user([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }])] },
  audio: { messages: [user([{ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }])] },
  PDF: {
    messages: [
      user([
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
        { type: 'text', text: 'Sum it up.' },
      ]),
    ],
  },
  'limit of output': { messages: hello, max_completion_tokens: 500 },
  temperature: { messages: hello, temperature: 0.2 },
  'temperature and nucleus': { messages: hello, temperature: 1.5, top_p: 0.9 },
  stop: { messages: hello, stop: ['END', 'STOP'] },
  seed: { messages: hello, seed: 7 },
  penalties: { messages: hello, presence_penalty: 0.5, frequency_penalty: -0.5 },
  logprobs: { messages: hello, logprobs: true, top_logprobs: 2 },
  ...Object.fromEntries(efforts.map(effort => [`effort: ${effort}`, { messages: hello, reasoning_effort: effort }])),
  'effort with tools': { ...asked, reasoning_effort: 'low' },
  'cache marks': {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Long.', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
      user([{ type: 'text', text: 'Also long.', cache_control: { type: 'ephemeral' } }]),
    ],
    tools: [{ ...weather, cache_control: { type: 'ephemeral' } }],
  },
  user: { messages: hello, user: 'u-1' },
  'thoughts: unsigned': {
    messages: [user('Hi'), { role: 'assistant', content: 'Hi!', reasoning_content: 'A greeting.' }, user('Bye')],
  },
  'thoughts: signed by Anthropic': afterThoughts(
    { protocol: 'anthropic-messages', value: { type: 'thinking', thinking: 'They want …', signature: 'EqQB' } },
    { protocol: 'anthropic-messages', value: { type: 'redacted_thinking', data: 'EmwK' } },
  ),
  'thoughts: signed by Gemini': afterThoughts({
    ...{ protocol: 'gemini', value: { signs: 'call', id: 'call_1', signature: 'c2ln' } },
  }),
  'thoughts: encrypted by OpenAI': afterThoughts({
    protocol: 'openai-responses',
    value: { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
  }),
  'thoughts: signed on Bedrock': afterThoughts({
    protocol: 'bedrock-converse',
    value: { reasoningContent: { reasoningText: { text: 'They want …', signature: 'EqQB' } } },
  }),
  'thoughts: signed at OpenRouter': afterThoughts({
    protocol: 'openai-chat',
    value: { reasoning_details: [{ type: 'reasoning.text', text: 'They want …', signature: 'EqQB', index: 0 }] },
  }),
  'what was refused': {
    messages: [user('Harm?'), { role: 'assistant', content: null, refusal: 'I cannot.' }, user('Why?')],
  },
  'an answer begun': { messages: [user('One word:'), { role: 'assistant', content: 'The word is ' }] },
  'text file': {
    messages: [user([{ type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,V29yZHMu' } }])],
  },
  'image in little detail': {
    messages: [user([{ type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}`, detail: 'low' } }])],
  },
  'names of who speaks': {
    messages: [{ role: 'user', name: 'ann', content: 'Hi' }],
  },
  'several answers': { messages: hello, n: 2 },
  'tokens to choose from': { messages: hello, top_k: 5 },
  'schema that is hard to hold to': {
    messages: hello,
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'answer',
        schema: {
          ...SCHEMA,
          properties: { city: { type: 'string', minLength: 2, pattern: '^B' }, 'a/b': { type: 'integer', minimum: 1 } },
        },
      },
    },
  },
  'schema that cannot be held to': {
    messages: hello,
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: { ...SCHEMA, not: { required: ['x'] } }, strict: true },
    },
  },
  'schema beside tools': {
    ...asked,
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA, strict: true } },
  },
  'bias of tokens': { messages: hello, logit_bias: { '50256': -100 } },
  'answer in audio': { messages: hello, modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'mp3' } },
  'search of the web': { messages: hello, web_search_options: {} },
  prediction: { messages: hello, prediction: { type: 'content', content: 'Hello there' } },
  'hints of OpenAI': {
    messages: hello,
    ...{ service_tier: 'flex', metadata: { order: '12' }, prompt_cache_key: 'k', verbosity: 'low', store: true },
  },
};
