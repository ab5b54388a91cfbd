import { z } from 'zod';
import type { JsonObject } from '../../protocols/protocol.js';
import { LazuError } from '../../errors.js';

const part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  image_url: z.looseObject({ url: z.string() }).optional(),
  input_audio: z.looseObject({ format: z.string().optional() }).optional(),
  file: z.looseObject({ filename: z.string().optional() }).optional(),
});

const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(part), z.null()]).optional(),
  tool_call_id: z.string().optional(),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string().optional(),
        function: z.looseObject({ name: z.string(), arguments: z.string().optional() }).optional(),
        custom: z.looseObject({ name: z.string(), input: z.string().optional() }).optional(),
      }),
    )
    .nullish(),
});

const schema = z.custom<JsonObject>(value => typeof value === 'object' && value !== null && !Array.isArray(value));

const tool = z.looseObject({
  type: z.string(),
  function: z
    .looseObject({ name: z.string(), description: z.string().nullish(), parameters: schema.nullish() })
    .optional(),
  custom: z.looseObject({ name: z.string(), description: z.string().nullish() }).optional(),
});

const named = z.looseObject({ name: z.string() });

/** What the sandbox looks at; it is as loose about the rest as vendors are. */
const sandboxRequest = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(8).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.looseObject({
        type: z.string(),
        function: named.optional(),
        custom: named.optional(),
        allowed_tools: z
          .looseObject({
            mode: z.enum(['auto', 'required']),
            tools: z.array(z.looseObject({ function: named.optional(), custom: named.optional() })),
          })
          .optional(),
      }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .looseObject({
      type: z.enum(['text', 'json_object', 'json_schema']),
      json_schema: z.looseObject({ name: z.string(), schema: schema.optional() }).optional(),
    })
    .nullish(),
  reasoning_effort: z.string().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});

export type SandboxRequest = z.infer<typeof sandboxRequest>;
export type SandboxMessage = SandboxRequest['messages'][number];
export type SandboxTool = NonNullable<SandboxRequest['tools']>[number];

/** @throws LazuError `invalid_request` naming the first field that is not as OpenAI's API has it */
export function readRequest(body: unknown): SandboxRequest {
  const parsed = sandboxRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const param = issue?.path.join('.') ?? '';
  throw new LazuError('invalid_request', `${param || 'body'}: ${issue?.message ?? 'is not valid'}`, { param });
}

/** All text of a message; parts are joined by line breaks. */
export function textOf({ content }: SandboxMessage): string {
  if (typeof content === 'string') return content;
  return (content ?? []).flatMap(({ text }) => (text === undefined ? [] : [text])).join('\n');
}

/** The last thing the user said, which decides what the sandbox does. */
export function lastUserMessage({ messages }: SandboxRequest): SandboxMessage | undefined {
  return messages.findLast(({ role }) => role === 'user');
}
