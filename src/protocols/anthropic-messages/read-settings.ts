import type { Effort, OutputFormat, Setting, Settings, ToolChoice } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { isAbsent, isObject, missing, outOfBounds } from '../scalars.js';
import { unsupported } from './read-source.js';

/** What Anthropic calls each setting; the last ones it does not have. */
export const SETTING_NAMES: Readonly<Record<Setting, string>> = {
  maxOutputTokens: 'max_tokens',
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  stop: 'stop_sequences',
  effort: 'thinking',
  parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
  toolChoice: 'tool_choice',
  outputFormat: 'output_config.format',
  user: 'metadata.user_id',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  logprobs: 'logprobs',
  serviceTier: 'service_tier',
};

/** The same in the words of this request: an effort is asked for by name, or by way of thinking. */
export function namesIn({ output_config: config }: JsonObject): Readonly<Record<Setting, string>> {
  const isNamed = isObject(config) && !isAbsent(config.effort);
  return isNamed ? { ...SETTING_NAMES, effort: 'output_config.effort' } : SETTING_NAMES;
}

/** Fields that the reader, or the gateway itself, has dealt with. */
const READ: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'system', 'tools', 'tool_choice', 'max_tokens', 'stream', 'temperature', 'top_p'],
  ...['top_k', 'service_tier'],
  ...['stop_sequences', 'thinking', 'output_config', 'output_format', 'metadata'],
]);

/** Hints that say nothing when they have these values. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  speed: 'standard',
  inference_geo: 'global',
};

const EFFORTS: readonly string[] = ['low', 'medium', 'high', 'xhigh', 'max'];

/** Defaults that client libraries send unasked are read as if they had not been sent. */
export function readSettings(body: JsonObject): Settings {
  const number = (name: string, neutral?: number): number | undefined => {
    const value = body[name];
    return typeof value === 'number' && value !== neutral ? value : undefined;
  };
  const { stop_sequences: stops, metadata, tool_choice: choice } = body;
  const maxOutputTokens = number('max_tokens');
  if (maxOutputTokens === 0) throw unsupported('max_tokens', 'must be at least 1: this model cannot warm a cache.');
  return {
    maxOutputTokens,
    temperature: number('temperature', 1),
    topP: number('top_p', 1),
    topK: number('top_k'),
    stop: Array.isArray(stops) && stops.length > 0 ? (stops as string[]) : undefined,
    effort: readEffort(body),
    parallelToolCalls: isObject(choice) && choice.disable_parallel_tool_use === true ? false : undefined,
    toolChoice: readToolChoice(choice),
    outputFormat: readOutputFormat(body),
    user: isObject(metadata) && typeof metadata.user_id === 'string' ? metadata.user_id : undefined,
    // The other one, `auto`, is the default: https://platform.claude.com/docs/en/api/service-tiers
    serviceTier: body.service_tier === 'standard_only' ? 'standard' : undefined,
  };
}

function readToolChoice(choice: unknown): ToolChoice | undefined {
  if (!isObject(choice)) return undefined;
  switch (choice.type) {
    case 'auto':
      return undefined;
    case 'none':
      return { mode: 'none' };
    case 'any':
      return { mode: 'required' };
    case 'tool':
      if (typeof choice.name !== 'string') throw missing('tool_choice.name');
      return { mode: 'one', name: choice.name };
    default:
      throw unsupported('tool_choice.type', 'must be `auto`, `any`, `tool` or `none`.');
  }
}

/**
 * https://platform.claude.com/docs/en/build-with-claude/effort, and before it budgets of tokens. The dearest efforts are for those who
 * ask for them by name: clients set large budgets as a matter of course.
 */
function readEffort({ thinking, output_config: config }: JsonObject): Effort | undefined {
  const named = isObject(config) ? config.effort : undefined;
  if (!isAbsent(named) && !EFFORTS.includes(named as string))
    throw outOfBounds('output_config.effort', `\`output_config.effort\` must be one of ${EFFORTS.join(', ')}.`);
  if (!isObject(thinking)) return isAbsent(named) ? undefined : (named as Effort);
  switch (thinking.type) {
    case 'disabled':
      return 'none';
    case 'adaptive':
      return isAbsent(named) ? 'high' : (named as Effort); // the vendor's default
    case 'enabled': {
      if (!isAbsent(named)) return named as Effort;
      const { budget_tokens: budget } = thinking;
      if (typeof budget !== 'number') throw missing('thinking.budget_tokens');
      return budget < 4_096 ? 'low' : budget < 16_384 ? 'medium' : 'high';
    }
    default:
      throw unsupported('thinking.type', 'must be `enabled`, `adaptive` or `disabled`.');
  }
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs; `output_format` was its name in the beta. */
function readOutputFormat(body: JsonObject): OutputFormat | undefined {
  const config = isObject(body.output_config) ? body.output_config.format : undefined;
  const format = config ?? body.output_format;
  const path = isAbsent(config) ? 'output_format' : 'output_config.format';
  if (isAbsent(format)) return undefined;
  if (!isObject(format) || format.type !== 'json_schema') throw unsupported(`${path}.type`, 'must be `json_schema`.');
  if (!isObject(format.schema)) throw missing(`${path}.schema`);
  return { kind: 'schema', schema: format.schema, strict: true, path: `${path}.schema` };
}

/** What is left: hints that are reported as dropped. What would be missed is refused for every model (`stored-objects.ts`). */
export function readUnread(body: JsonObject): string[] {
  return Object.entries(body)
    .filter(([name, value]) => !isAbsent(value) && !READ.has(name) && DEFAULTS[name] !== value)
    .map(([name]) => name);
}
