import { isDeepStrictEqual } from 'node:util';

/**
 * Values that say nothing: OpenAI's documented defaults, which many client libraries send although nobody asked for them. Leaving
 * such a field out changes no meaning, so a vendor that lacks the field need not refuse it.
 * https://platform.openai.com/docs/api-reference/chat/create
 */
const NEUTRAL: Readonly<Record<string, unknown>> = {
  frequency_penalty: 0,
  logit_bias: {},
  logprobs: false,
  modalities: ['text'],
  n: 1,
  parallel_tool_calls: true,
  presence_penalty: 0,
  response_format: { type: 'text' },
  service_tier: 'auto',
  stop: [],
  store: false,
  // Said to a vendor that has no such field because its streams report usage anyway.
  stream_options: { include_usage: true },
  temperature: 1,
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
};

/** Whether this value of this field means the same as its absence. */
export function isNeutral(field: string, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return Object.hasOwn(NEUTRAL, field) && isDeepStrictEqual(NEUTRAL[field], value);
}
