import { createHash } from 'node:crypto';
import type { JsonObject } from '../../protocols/protocol.js';
import { defineProvider } from '../provider.js';
import { countOf, developerAsSystem, eachMessage, redivided, withCacheRead, withoutKeys } from '../quirks.js';

/** What each kind of message may hold; anything else is a 422: https://docs.mistral.ai/api/endpoint/chat */
const MESSAGE_KEYS: Readonly<Record<string, ReadonlySet<string>>> = {
  assistant: new Set(['role', 'content', 'tool_calls', 'prefix']),
  tool: new Set(['role', 'content', 'tool_call_id', 'name']),
};
const PLAIN_KEYS: ReadonlySet<string> = new Set(['role', 'content']);

/** Inline files are parts of a type of their own: https://docs.mistral.ai/capabilities/document_ai/document_qna */
function withDocuments(message: JsonObject): JsonObject {
  const content: unknown = message.content;
  if (!Array.isArray(content) || !content.some(part => inlineFile(part) !== undefined)) return message;
  return { ...message, content: content.map((part: unknown) => inlineFile(part) ?? part) };
}

function inlineFile(part: unknown): JsonObject | undefined {
  const { file } = (part ?? {}) as { file?: { file_data?: unknown; filename?: unknown } | null };
  if (typeof file?.file_data !== 'string') return undefined;
  const name = typeof file.filename === 'string' ? { document_name: file.filename } : {};
  return { type: 'document_url', document_url: file.file_data, ...name };
}

/** What a call may be called; anything else is a 400: https://mistralai.github.io/mistral-common/usage/tools/ */
const CALL_ID = /^[a-zA-Z0-9]{9}$/;

const callIdOf = (id: unknown): unknown =>
  typeof id !== 'string' || CALL_ID.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 9);

/** Calls that another vendor's model made, and their results, by names that Mistral takes. */
function withCallIds(message: JsonObject): JsonObject {
  const { tool_calls: calls, tool_call_id: id } = message;
  if (callIdOf(id) !== id) return { ...message, tool_call_id: callIdOf(id) };
  if (!Array.isArray(calls)) return message;
  const known = calls as ({ id?: unknown } | null)[];
  if (known.every(call => callIdOf(call?.id) === call?.id)) return message;
  return { ...message, tool_calls: known.map(call => call && { ...call, id: callIdOf(call.id) }) };
}

/** https://docs.mistral.ai/api/endpoint/chat: a closed schema, fields that it lacks are refused with 422. */
export const mistral = defineProvider({
  name: 'mistral',
  title: 'Mistral AI',
  baseUrl: 'https://api.mistral.ai/v1',
  // https://docs.mistral.ai/capabilities/reasoning
  contentInParts: true,
  environment: {
    variables: ['MISTRAL_API_KEY'],
    baseUrlVariable: 'MISTRAL_BASE_URL',
    serves: { vendors: ['mistral'] },
    priority: 0,
  },
  refuses: [
    ...['audio', 'function_call', 'functions', 'logit_bias', 'logprobs', 'modalities', 'top_logprobs'],
    'web_search_options',
  ],
  drops: [
    ...['prompt_cache_retention', 'safety_identifier', 'service_tier', 'store', 'stream_options', 'user', 'verbosity'],
  ],
  modelTraits: () => ({ reasoning: 'asked', sampling: 'both', efforts: ['none', 'high'] }),
  clamps: { temperature: [0, 1.5] },
  renames: { max_completion_tokens: 'max_tokens', seed: 'random_seed' },
  // Every stream ends with usage, unasked.
  streamUsage: 'always',
  // "Input tokens are only billed once"; no upper bound is stated.
  maxN: 8,
  adapt: (body, _outgoing, drop) => {
    // `high` and `none` are all there is.
    const effort = body.reasoning_effort;
    if (effort === null) delete body.reasoning_effort;
    else if (typeof effort === 'string' && effort !== 'high' && effort !== 'none') {
      body.reasoning_effort = effort === 'minimal' ? 'none' : 'high';
      drop('reasoning_effort');
    }
    eachMessage(body, message => {
      const allowed = MESSAGE_KEYS[String(message.role)] ?? PLAIN_KEYS;
      const known = withoutKeys(developerAsSystem(message), key => !allowed.has(key), drop);
      return withCallIds(withDocuments(known));
    });
    return body;
  },
  readUsage: (raw, usage) => {
    const cached = withCacheRead(usage, countOf(raw.num_cached_tokens));
    // Audio is counted beside `prompt_tokens`, not inside: 9 text + 375 audio + 248 = 632.
    const audio = cached.dimensions.audio_input ?? 0;
    const [prompt, completion, total] = [raw.prompt_tokens, raw.completion_tokens, raw.total_tokens].map(countOf);
    const beside = audio > 0 && total === (prompt ?? 0) + (completion ?? 0) + audio;
    return beside ? redivided(cached, { input: (prompt ?? 0) - (cached.dimensions.cache_read ?? 0) }) : cached;
  },
});
