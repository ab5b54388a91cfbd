import type { Effort, OutputFormat, ServiceTier, Setting, Settings, ToolChoice } from '../conversation.js';
import type { MissedField } from '../lacks.js';
import type { JsonObject } from '../protocol.js';
import { isObject, unsupported } from './read-parts.js';
import { isAbsent, missing, outOfBounds } from './scalars.js';

/** What OpenAI calls each setting. */
export const SETTING_NAMES: Readonly<Record<Setting, string>> = {
  maxOutputTokens: 'max_tokens',
  temperature: 'temperature',
  topP: 'top_p',
  // Not OpenAI's own, but of many that speak its dialect: https://openrouter.ai/docs/api-reference/parameters#top-k
  topK: 'top_k',
  stop: 'stop',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  logprobs: 'logprobs',
  effort: 'reasoning_effort',
  parallelToolCalls: 'parallel_tool_calls',
  toolChoice: 'tool_choice',
  outputFormat: 'response_format',
  user: 'user',
  serviceTier: 'service_tier',
};

/** Fields that the reader, or the gateway itself, has dealt with. */
const READ: ReadonlySet<string> = new Set([
  ...Object.values(SETTING_NAMES),
  ...['model', 'messages', 'tools', 'stream', 'stream_options', 'n', 'max_completion_tokens', 'top_logprobs'],
]);

/** Tiers that other vendors have too: https://platform.openai.com/docs/api-reference/chat/create#chat-create-service_tier */
const SERVICE_TIERS: Readonly<Record<string, ServiceTier>> = {
  default: 'standard',
  flex: 'flex',
  priority: 'priority',
};
const tierOf = (tier: unknown): ServiceTier | undefined =>
  typeof tier === 'string' && Object.hasOwn(SERVICE_TIERS, tier) ? SERVICE_TIERS[tier] : undefined;

const PAGE = 'https://platform.openai.com/docs/api-reference/chat/create';

/** Fields that only OpenAI's dialect has and whose absence would be noticed, with the values that say nothing. */
export const MISSED: Readonly<Record<string, MissedField>> = {
  logit_bias: {
    saysNothing: value => isObject(value) && Object.keys(value).length === 0,
    link: `${PAGE}#chat-create-logit_bias`,
  },
  modalities: {
    saysNothing: value => Array.isArray(value) && value.every(one => one === 'text'),
    link: 'https://platform.openai.com/docs/guides/audio',
  },
  audio: { saysNothing: () => false, link: 'https://platform.openai.com/docs/guides/audio' },
  web_search_options: {
    saysNothing: () => false,
    link: 'https://platform.openai.com/docs/guides/tools-web-search?api-mode=chat',
  },
  // Superseded by `tools`.
  functions: {
    saysNothing: value => Array.isArray(value) && value.length === 0,
    link: `${PAGE}#chat-create-functions`,
  },
  function_call: {
    saysNothing: value => value === 'none' || value === 'auto',
    link: `${PAGE}#chat-create-function_call`,
  },
};

/** Hints that say nothing when they have these values. */
const DEFAULTS: Readonly<Record<string, unknown>> = { service_tier: 'auto', store: false };

const EFFORTS: readonly string[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/** Defaults that client libraries send unasked are read as if they had not been sent. */
export function readSettings(body: JsonObject): Settings {
  const number = (name: string, neutral?: number): number | undefined => {
    const value = body[name];
    return typeof value === 'number' && value !== neutral ? value : undefined;
  };
  const { stop, user, reasoning_effort: effort } = body;
  if (!isAbsent(effort) && !EFFORTS.includes(effort as string))
    throw outOfBounds('reasoning_effort', `\`reasoning_effort\` must be one of ${EFFORTS.join(', ')}.`);
  const stops = typeof stop === 'string' ? [stop] : Array.isArray(stop) ? (stop as string[]) : [];
  return {
    maxOutputTokens: number('max_completion_tokens') ?? number('max_tokens'),
    temperature: number('temperature', 1),
    topP: number('top_p', 1),
    topK: Number.isInteger(body.top_k) && Number(body.top_k) > 0 ? Number(body.top_k) : undefined,
    stop: stops.length > 0 ? stops : undefined,
    seed: number('seed'),
    presencePenalty: number('presence_penalty', 0),
    frequencyPenalty: number('frequency_penalty', 0),
    logprobs: body.logprobs === true ? (number('top_logprobs') ?? 0) : undefined,
    effort: isAbsent(effort) ? undefined : (effort as Effort),
    parallelToolCalls: body.parallel_tool_calls === false ? false : undefined,
    toolChoice: readToolChoice(body.tool_choice).choice,
    outputFormat: readOutputFormat(body.response_format),
    user: typeof user === 'string' ? user : undefined,
    serviceTier: tierOf(body.service_tier),
  };
}

/** `only`: the tools that may be called, where the choice names some of them. */
export function readToolChoice(choice: unknown): { choice?: ToolChoice; only?: ReadonlySet<string> } {
  if (isAbsent(choice) || choice === 'auto') return {};
  if (choice === 'none' || choice === 'required') return { choice: { mode: choice } };
  if (isObject(choice) && isObject(choice.function) && typeof choice.function.name === 'string')
    return { choice: { mode: 'one', name: choice.function.name } };
  if (isObject(choice) && isObject(choice.allowed_tools) && Array.isArray(choice.allowed_tools.tools)) {
    const { mode, tools } = choice.allowed_tools;
    const only = new Set(tools.map((tool: { function?: { name?: string } } | null) => String(tool?.function?.name)));
    return mode === 'required' ? { choice: { mode }, only } : { only };
  }
  throw unsupported('tool_choice', 'must be `auto`, `none`, `required`, a function or a list of allowed functions.');
}

function readOutputFormat(format: unknown): OutputFormat | undefined {
  if (!isObject(format) || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { kind: 'json' };
  const path = 'response_format.json_schema';
  if (format.type !== 'json_schema') throw unsupported('response_format.type', 'is not known to this model.');
  if (!isObject(format.json_schema)) throw missing(path);
  const { schema, strict } = format.json_schema;
  if (!isObject(schema)) throw missing(`${path}.schema`);
  return { kind: 'schema', schema, strict: strict === true, path: `${path}.schema` };
}

const isRead = (name: string, value: unknown): boolean =>
  READ.has(name) && (name !== 'service_tier' || tierOf(value) !== undefined);

/**
 * What is left: hints that are reported, and what would be missed.
 * @throws LazuError `unsupported_parameter`
 */
export function readUnread(body: JsonObject): string[] {
  const unread: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (isAbsent(value) || isRead(name, value)) continue;
    const missed = MISSED[name];
    if (missed) {
      if (!missed.saysNothing(value)) throw unsupported(name, 'is not supported by this model: leave it out.');
    } else if (DEFAULTS[name] !== value) unread.push(name);
  }
  return unread;
}
