/** A pixel. */
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } },
  required: ['city', 'days'],
  additionalProperties: false,
};
const user = (content: unknown) => ({ role: 'user', content });
const hello = [user('Hello')];
const weather = { type: 'function', function: { name: 'weather', description: 'The weather', parameters: schema } };
const call = {
  id: 'call_abc123',
  type: 'function',
  function: { name: 'weather', arguments: '{"city":"Bern","days":1}' },
};
const jsonSchema = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } };

/** Bodies that callers send, without `model`; every field of the contract's list is in one of them. */
export const representative: Readonly<Record<string, Record<string, any>>> = {
  plain: { messages: hello },
  'a stream without usage asked': { messages: hello, stream: true },
  'a stream with usage asked': { messages: hello, stream: true, stream_options: { include_usage: true } },
  'a conversation': {
    messages: [
      { role: 'system', content: 'Be short.' },
      user('Hi'),
      { role: 'assistant', content: 'Hi!' },
      user('Bye'),
    ],
  },
  'a developer message': { messages: [{ role: 'developer', content: 'Be short.' }, ...hello] },
  sampling: {
    messages: hello,
    temperature: 0.2,
    top_p: 0.9,
    presence_penalty: 0.5,
    frequency_penalty: -0.5,
    seed: 7,
    stop: ['END'],
  },
  limits: { messages: hello, max_completion_tokens: 50 },
  'the older limit': { messages: hello, max_tokens: 50 },
  'several answers': { messages: hello, n: 2 },
  tools: { messages: hello, tools: [weather], tool_choice: 'auto', parallel_tool_calls: false },
  'a forced tool': {
    messages: hello,
    tools: [weather],
    tool_choice: { type: 'function', function: { name: 'weather' } },
  },
  'a tool result': {
    messages: [
      ...hello,
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', tool_call_id: call.id, content: 'sunny' },
    ],
    tools: [weather],
  },
  'structured output': { messages: hello, response_format: jsonSchema },
  'a JSON object': { messages: hello, response_format: { type: 'json_object' } },
  'an image': {
    messages: [
      user([
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url: PNG, detail: 'low' } },
      ]),
    ],
  },
  'a user and metadata': { messages: hello, user: 'u-1', metadata: { order: '12' }, prompt_cache_key: 'k' },
  reasoning: { messages: hello, reasoning_effort: 'high' },
  'what must not be stored': { messages: hello, store: true },
  'log probabilities': { messages: hello, logprobs: true, top_logprobs: 2, logit_bias: { '50256': -100 } },
  'a service tier': { messages: hello, service_tier: 'auto' },
  'an answer in audio': { messages: hello, modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'mp3' } },
  'a question in audio': {
    messages: [user([{ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }])],
  },
  'an inline file': {
    messages: [
      user([{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } }]),
    ],
  },
  'a prediction': { messages: hello, prediction: { type: 'content', content: 'Hello there' } },
};
