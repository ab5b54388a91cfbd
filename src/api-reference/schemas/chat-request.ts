import {
  anyObject,
  flag,
  integer,
  listOf,
  mapOf,
  nullable,
  number,
  object,
  oneOf,
  ref,
  request,
  text,
  type Schema,
} from './schema.js';

const optional = (properties: Readonly<Record<string, Schema>>): Record<string, Schema> =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, nullable(schema)]));

const toolCall = request(
  {
    id: text(),
    type: oneOf(['function', 'custom']),
    function: object({ name: text(), arguments: text('JSON as text.') }),
    custom: object({ name: text(), input: text() }),
  },
  ['id', 'type'],
);

const part = request(
  {
    type: text('`text`, `image_url`, `input_audio`, `file` or `refusal`.'),
    text: text(),
    image_url: request(
      { url: text('A data URL, or HTTPS where the vendor fetches it.'), detail: oneOf(['auto', 'low', 'high']) },
      ['url'],
    ),
    input_audio: object({ data: text('Base64.'), format: text('`wav` or `mp3`.') }),
    file: request({ filename: text(), file_data: text('A data URL. `file_id` is refused.') }, []),
  },
  ['type'],
);

/** `POST /v1/chat/completions`. Bounds as `protocols/openai-chat/scalars.ts` checks them; fields not named here pass untouched. */
export const chatRequestSchemas: Readonly<Record<string, Schema>> = {
  ChatMessage: request(
    {
      role: text('`developer`, `system`, `user`, `assistant` or `tool`.'),
      content: nullable({ anyOf: [text(), listOf(part)] }),
      name: text(),
      tool_calls: nullable(listOf(toolCall)),
      tool_call_id: text('On `tool` messages: the call that this answers.'),
      reasoning_content: nullable(text('Reasoning of an earlier answer, sent back to vendors that want it.')),
    },
    ['role'],
  ),
  ChatTool: request(
    {
      type: oneOf(['function', 'custom']),
      function: request(
        {
          name: text(),
          description: nullable(text()),
          parameters: nullable(anyObject('JSON Schema.')),
          strict: nullable(flag()),
        },
        ['name'],
      ),
      custom: anyObject(),
    },
    ['type'],
  ),
  ChatRequest: request(
    {
      model: text('An id of `GET /v1/models`, or an alias of one.', { minLength: 1 }),
      messages: listOf(ref('ChatMessage')),
      ...optional({
        stream: flag('Server-sent events instead of one JSON object.'),
        stream_options: request({ include_usage: nullable(flag('A last chunk with `usage` and no choices.')) }, []),
        n: integer('How many answers. A vendor that gives one at a time is called so many times.', {
          minimum: 1,
          maximum: 8,
        }),
        max_completion_tokens: integer('Most output tokens, reasoning included.', { minimum: 1 }),
        max_tokens: integer('The older name of `max_completion_tokens`.', { minimum: 1 }),
        temperature: number(undefined, { minimum: 0, maximum: 2 }),
        top_p: number(undefined, { minimum: 0, maximum: 1 }),
        presence_penalty: number(undefined, { minimum: -2, maximum: 2 }),
        frequency_penalty: number(undefined, { minimum: -2, maximum: 2 }),
        stop: { anyOf: [text(), listOf(text()), { type: 'null' }] },
        tools: listOf(ref('ChatTool')),
        tool_choice: { anyOf: [text('`none`, `auto` or `required`.'), anyObject('A tool by name.'), { type: 'null' }] },
        parallel_tool_calls: flag(),
        response_format: request(
          {
            type: oneOf(['text', 'json_object', 'json_schema']),
            json_schema: request({ name: text(), schema: anyObject('JSON Schema.'), strict: nullable(flag()) }, [
              'name',
            ]),
          },
          ['type'],
        ),
        reasoning_effort: text('`none`, `minimal`, `low`, `medium`, `high` …, as the model has it.'),
        seed: integer(),
        logprobs: flag(),
        top_logprobs: integer(undefined, { minimum: 0, maximum: 20 }),
        logit_bias: mapOf(number()),
        user: text(),
        service_tier: text(),
        metadata: anyObject('For the sandbox: `sandbox` names a fault to play.'),
        modalities: listOf(text()),
        audio: anyObject(),
        prediction: anyObject(),
        prompt_cache_key: text(),
      }),
    },
    ['model', 'messages'],
  ),
};
