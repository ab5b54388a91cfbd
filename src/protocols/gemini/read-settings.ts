import type { Effort, OutputFormat, ServiceTier, Setting, Settings } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { field, isObject, objectIn, outOfBounds, unsupported } from './fields.js';
import { canBeStrict, readSchema } from './read-schema.js';

const CONFIG = 'generationConfig';

/** What Gemini calls each setting; for what it has no name, what OpenAI does. */
export const SETTING_NAMES: Readonly<Record<Setting, string>> = {
  maxOutputTokens: `${CONFIG}.maxOutputTokens`,
  temperature: `${CONFIG}.temperature`,
  topP: `${CONFIG}.topP`,
  topK: `${CONFIG}.topK`,
  stop: `${CONFIG}.stopSequences`,
  seed: `${CONFIG}.seed`,
  presencePenalty: `${CONFIG}.presencePenalty`,
  frequencyPenalty: `${CONFIG}.frequencyPenalty`,
  logprobs: `${CONFIG}.responseLogprobs`,
  effort: `${CONFIG}.thinkingConfig`,
  parallelToolCalls: 'parallel_tool_calls',
  toolChoice: 'toolConfig.functionCallingConfig',
  outputFormat: `${CONFIG}.responseMimeType`,
  user: 'user',
  serviceTier: 'serviceTier',
};

/** Thoughts of so many tokens at most are this much effort: what it stands for where a model takes a number. */
const BUDGETS: readonly (readonly [most: number, effort: Effort])[] = [
  [0, 'none'],
  [1_024, 'minimal'],
  [4_096, 'low'],
  [12_288, 'medium'],
  [20_480, 'high'],
  [28_672, 'xhigh'],
  [Infinity, 'max'],
];

const LEVELS: Readonly<Record<string, Effort>> = { MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high' };

/** Values that are defaults everywhere are read as if they had not been sent. */
export function readSettings(body: JsonObject): Settings {
  const config = objectIn(body, CONFIG, '') ?? {};
  const number = (name: string, neutral?: number): number | undefined => {
    const value = field(config, name);
    return typeof value === 'number' && value !== neutral ? value : undefined;
  };
  const stop = field(config, 'stopSequences') as readonly string[] | undefined;
  return {
    maxOutputTokens: number('maxOutputTokens'),
    temperature: number('temperature', 1),
    topP: number('topP', 1),
    topK: number('topK'),
    stop: stop && stop.length > 0 ? stop : undefined,
    seed: number('seed'),
    presencePenalty: number('presencePenalty', 0),
    frequencyPenalty: number('frequencyPenalty', 0),
    logprobs: field(config, 'responseLogprobs') === true ? (number('logprobs') ?? 0) : undefined,
    effort: readEffort(config),
    outputFormat: readOutputFormat(config),
    serviceTier: readTier(field(body, 'serviceTier')),
  };
}

/** https://ai.google.dev/api/generate-content#ServiceTier: the standard one is the default */
function readTier(tier: unknown): ServiceTier | undefined {
  const name = typeof tier === 'string' ? tier.toLowerCase() : undefined;
  return name === 'flex' || name === 'priority' ? name : undefined;
}

/** Whether the caller wants to see thoughts; else they are thought in silence: https://ai.google.dev/gemini-api/docs/thinking#summaries */
export function wantsThoughts(body: JsonObject): boolean {
  const config = field(body, CONFIG);
  const thinking = isObject(config) ? field(config, 'thinkingConfig') : undefined;
  return isObject(thinking) && field(thinking, 'includeThoughts') === true;
}

/** A budget of -1 leaves it to the model. */
function readEffort(config: JsonObject): Effort | undefined {
  const path = `${CONFIG}.thinkingConfig`;
  const thinking = objectIn(config, 'thinkingConfig', CONFIG) ?? {};
  const level = field(thinking, 'thinkingLevel');
  if (typeof level === 'string' && level !== 'THINKING_LEVEL_UNSPECIFIED') {
    const effort = LEVELS[level.toUpperCase()];
    if (effort) return effort;
    throw outOfBounds(`${path}.thinkingLevel`, `\`${path}.thinkingLevel\` must be MINIMAL, LOW, MEDIUM or HIGH.`);
  }
  const budget = field(thinking, 'thinkingBudget');
  if (typeof budget !== 'number' || budget < 0) return undefined;
  return BUDGETS.find(([most]) => budget <= most)?.[1];
}

function readOutputFormat(config: JsonObject): OutputFormat | undefined {
  const mimeType = field(config, 'responseMimeType') ?? 'text/plain';
  if (mimeType === 'text/plain') return readTextFormat(config);
  if (mimeType !== 'application/json')
    throw unsupported(`${CONFIG}.responseMimeType`, 'must be `text/plain` or `application/json` for this model.');
  for (const name of ['responseJsonSchema', '_responseJsonSchema']) {
    const schema = field(config, name);
    if (isObject(schema)) return schemaFormat(schema, `${CONFIG}.${name}`);
  }
  const openApi = objectIn(config, 'responseSchema', CONFIG);
  return openApi ? schemaFormat(readSchema(openApi), `${CONFIG}.responseSchema`) : { kind: 'json' };
}

/** The newer way to say the same: https://ai.google.dev/api/generate-content#ResponseFormatConfig */
function readTextFormat(config: JsonObject): OutputFormat | undefined {
  const path = `${CONFIG}.responseFormat`;
  const text = objectIn(objectIn(config, 'responseFormat', CONFIG) ?? {}, 'text', path) ?? {};
  const mimeType = field(text, 'mimeType');
  if (mimeType !== 'APPLICATION_JSON' && mimeType !== 'application/json') return undefined;
  const schema = objectIn(text, 'schema', `${path}.text`);
  return schema ? schemaFormat(schema, `${path}.text.schema`) : { kind: 'json' };
}

const schemaFormat = (schema: JsonObject, path: string): OutputFormat => ({
  kind: 'schema',
  schema,
  strict: canBeStrict(schema),
  path,
});
