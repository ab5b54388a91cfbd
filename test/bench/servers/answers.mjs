/** What the fake upstream says, rendered once: HTTP bytes. Shapes as OpenAI documents them. */
export const MODEL = 'gpt-4.1';
export const USAGE = {
  prompt_tokens: 148,
  completion_tokens: 42,
  total_tokens: 190,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};

const CREATED = 1_763_800_000;

/** ~600 B of JSON. */
export const COMPLETION = {
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: CREATED,
  model: MODEL,
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content:
          'The deploy failed because the health check ran before the migration had ended. Raise its initial delay, or run migrations first.',
        refusal: null,
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: USAGE,
  service_tier: 'default',
};

/** @returns {Buffer} head and body of the whole answer */
export function jsonAnswer() {
  const body = JSON.stringify(COMPLETION);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: bench\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * @param {string[]} frames one HTTP chunk each
 * @returns {Buffer[]} one element per socket write
 */
export function streamed(frames) {
  const writes = frames.map(text => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
  writes[0] = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: bench\r\ntransfer-encoding: chunked\r\n\r\n${writes[0]}`;
  writes.push(`${writes.pop()}0\r\n\r\n`);
  return writes.map(text => Buffer.from(text));
}

/** The pieces of text that a stream of any dialect consists of: two fewer than chat has chunks, of which one says the role and one the end. */
export const wordsOf = count => Array.from({ length: count - 2 }, (_, at) => ` word${at + 1}`);

/**
 * @param {number} count events that carry a choice, ~165 B each
 * @param {boolean} withUsage one more event, without choices, before `[DONE]`
 * @returns {Buffer[]} one element per socket write
 */
export function streamAnswer(count, withUsage) {
  const base = { id: 'c1', object: 'chat.completion.chunk', created: CREATED, model: MODEL };
  const event = value => `data: ${JSON.stringify({ ...base, ...value })}\n\n`;
  const said = (delta, finish_reason = null) => event({ choices: [{ index: 0, delta, finish_reason }] });
  const words = wordsOf(count).map(content => said({ content }));
  const frames = [said({ role: 'assistant', content: '' }), ...words, said({}, 'stop')];
  if (withUsage) frames.push(event({ choices: [], usage: USAGE }));
  return streamed([...frames, 'data: [DONE]\n\n']);
}

/** The text that a reader of the stream puts together. */
export const streamText = count => wordsOf(count).join('');
