import { anyObject, integer, listOf, nullable, object, oneOf, ref, text, exactly, type Schema } from './schema.js';

const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call'] as const;

const named = (properties: Readonly<Record<string, Schema>>): Schema => object(properties, Object.keys(properties));

const head = (name: string): Record<string, Schema> => ({
  id: text(),
  object: exactly(name),
  created: integer('Unix seconds.'),
  model: text("The vendor's own name of what answered."),
  service_tier: nullable(text()),
  system_fingerprint: nullable(text()),
});
const HEAD_OPTIONAL = ['service_tier', 'system_fingerprint'];

const toolCall = (more: Readonly<Record<string, Schema>>, optional: readonly string[]): Schema =>
  object(
    {
      ...more,
      id: text(),
      type: oneOf(['function', 'custom']),
      function: named({ name: text(), arguments: text('JSON as text; in a stream, the next piece of it.') }),
      custom: named({ name: text(), input: text() }),
    },
    ['function', 'custom', ...optional],
  );

/** Answers of `POST /v1/chat/completions`. A vendor's own further fields arrive as they are. */
export const chatAnswerSchemas: Readonly<Record<string, Schema>> = {
  ChatUsage: object(
    {
      prompt_tokens: integer('Cached ones included.'),
      completion_tokens: integer('Reasoning included.'),
      total_tokens: integer(),
      prompt_tokens_details: nullable(
        named({
          cached_tokens: nullable(integer()),
          cache_write_tokens: nullable(integer()),
          audio_tokens: nullable(integer()),
        }),
      ),
      completion_tokens_details: nullable(
        named({
          reasoning_tokens: nullable(integer()),
          audio_tokens: nullable(integer()),
          accepted_prediction_tokens: nullable(integer()),
          rejected_prediction_tokens: nullable(integer()),
        }),
      ),
    },
    ['prompt_tokens_details', 'completion_tokens_details'],
  ),
  ChatCompletion: object(
    {
      ...head('chat.completion'),
      choices: listOf(
        object(
          {
            index: integer(),
            message: object(
              {
                role: exactly('assistant'),
                content: nullable(text()),
                refusal: nullable(text()),
                reasoning_content: nullable(text('Reasoning, of vendors that show it.')),
                tool_calls: nullable(listOf(toolCall({}, []))),
                annotations: listOf(anyObject()),
              },
              ['content', 'refusal', 'reasoning_content', 'tool_calls', 'annotations'],
            ),
            logprobs: nullable(anyObject()),
            finish_reason: oneOf(FINISH_REASONS),
          },
          ['logprobs'],
        ),
      ),
      usage: ref('ChatUsage'),
    },
    [...HEAD_OPTIONAL, 'usage'],
  ),
  ChatCompletionChunk: object(
    {
      ...head('chat.completion.chunk'),
      choices: listOf(
        object(
          {
            index: integer(),
            delta: named({
              role: exactly('assistant'),
              content: nullable(text()),
              refusal: nullable(text()),
              reasoning_content: nullable(text()),
              tool_calls: listOf(toolCall({ index: integer('Which of the parallel calls.') }, ['id', 'type'])),
            }),
            logprobs: nullable(anyObject()),
            finish_reason: nullable(oneOf(FINISH_REASONS)),
          },
          ['logprobs', 'finish_reason'],
        ),
        'Empty in the usage chunk.',
      ),
      usage: nullable(ref('ChatUsage')),
    },
    [...HEAD_OPTIONAL, 'usage'],
  ),
};
