/** One conversation per feature, in OpenAI's chat: what a reader of a snapshot wants to see, and nothing more. */
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

export const conversations: Readonly<Record<string, Record<string, unknown>>> = {
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
  'hints of OpenAI': {
    messages: hello,
    ...{ service_tier: 'flex', metadata: { order: '12' }, prompt_cache_key: 'k', verbosity: 'low', store: true },
  },
};
