import type { ModelTraits } from '../../protocols/protocol.js';
import { anthropic } from '../anthropic/index.js';

type Traits = Omit<ModelTraits, 'maxOutputTokens'>;

/**
 * Catalog name → Bedrock's, where every region has it: in the region itself, or by the profile that may use all of them.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
 */
const EVERYWHERE: Readonly<Record<string, string>> = {
  'claude-haiku-4-5-20251001': 'global.anthropic.claude-haiku-4-5-20251001-v1:0',
  'claude-sonnet-4-5-20250929': 'global.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'claude-sonnet-4-6': 'global.anthropic.claude-sonnet-4-6',
  'claude-sonnet-5': 'global.anthropic.claude-sonnet-5',
  'claude-opus-4-5-20251101': 'global.anthropic.claude-opus-4-5-20251101-v1:0',
  'claude-opus-4-6': 'global.anthropic.claude-opus-4-6-v1',
  'claude-opus-4-7': 'global.anthropic.claude-opus-4-7',
  'claude-opus-4-8': 'global.anthropic.claude-opus-4-8',
  'claude-opus-5': 'global.anthropic.claude-opus-5',
  'claude-opus-5-5': 'global.anthropic.claude-opus-5-5',
  'claude-fable-5': 'global.anthropic.claude-fable-5',
  'claude-fable-5-1': 'global.anthropic.claude-fable-5-1',
  'nova-2-lite': 'global.amazon.nova-2-lite-v1:0',
  'gpt-oss-120b': 'openai.gpt-oss-120b-1:0',
  'gpt-oss-20b': 'openai.gpt-oss-20b-1:0',
  'qwen3-32b': 'qwen.qwen3-32b-v1:0',
  'mistral-large-2512': 'mistral.mistral-large-3-675b-instruct',
};

const nova = (world: string) => ({
  'nova-pro': `${world}.amazon.nova-pro-v1:0`,
  'nova-lite': `${world}.amazon.nova-lite-v1:0`,
  'nova-micro': `${world}.amazon.nova-micro-v1:0`,
});

/** Reached by the profile of a part of the world only, by its prefix. */
const BY_PROFILE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  us: {
    'claude-opus-4-1-20250805': 'us.anthropic.claude-opus-4-1-20250805-v1:0',
    'llama-3.3-70b-versatile': 'us.meta.llama3-3-70b-instruct-v1:0',
    'llama-4-maverick': 'us.meta.llama4-maverick-17b-instruct-v1:0',
    'llama-4-scout': 'us.meta.llama4-scout-17b-instruct-v1:0',
    ...nova('us'),
  },
  eu: nova('eu'),
  apac: nova('apac'),
};

const WORLDS: readonly (readonly [regions: RegExp, profile: string])[] = [
  [/^us-(?!gov)/, 'us'],
  [/^eu-/, 'eu'],
  [/^ap-/, 'apac'],
];

/** What a channel of the environment serves from this region. */
export function modelsIn(region: string): Record<string, string> {
  const world = WORLDS.find(([regions]) => regions.test(region))?.[1];
  return { ...EVERYWHERE, ...(world && BY_PROFILE[world]) };
}

/** What is behind the prefix of a profile, or at the end of an ARN that says it: `anthropic.claude-…`. */
const foundation = (model: string): string =>
  model.replace(/^.*\//, '').replace(/^(?:us-gov|us|eu|apac|jp|au|ca|global)\./, '');

export const isClaude = (model: string): boolean => foundation(model).startsWith('anthropic.claude');

/** https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html: not these */
const WITHOUT_SCHEMAS = /^(?:amazon|meta|cohere|ai21|writer)\.|claude-(?:v|instant|2|3|(?:opus|sonnet)-4-(?:1|2025))/;

/** https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html#prompt-caching-models */
const CACHE_LIFETIMES: readonly (readonly [names: RegExp, lifetimes: readonly ('5m' | '1h')[]])[] = [
  [/claude-(?:v|instant|2|3-(?:opus|sonnet|haiku|5-sonnet-20240620))/, []],
  [/claude-(?:3|(?:opus|sonnet)-4-(?:1|2025))/, ['5m']],
  [/claude/, ['5m', '1h']],
  [/^amazon\.nova/, ['5m']],
];

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html: these, of all models */
const FAILED_RESULTS = /^anthropic\.claude|^amazon\.nova/;

/** What models that are not Claude do about reasoning; the first that fits. */
const REASONING: readonly (readonly [names: RegExp, traits: Partial<Traits>])[] = [
  // https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
  [/^amazon\.nova-2/, { reasoning: 'asked', reasoningField: 'reasoningConfig', efforts: ['low', 'medium', 'high'] }],
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html
  [/^openai\./, { reasoning: 'always', reasoningField: 'reasoning_effort', efforts: ['low', 'medium', 'high'] }],
];

/** Behind an ARN of the operator's own may be any model: it is asked for nothing that some refuse. */
export function modelTraits(model: string): Traits {
  const name = foundation(model);
  const cacheLifetimes = CACHE_LIFETIMES.find(([names]) => names.test(name))?.[1] ?? [];
  const known = { schemas: !WITHOUT_SCHEMAS.test(name), cacheLifetimes, failedResults: FAILED_RESULTS.test(name) };
  if (isClaude(model)) {
    const first = name.replace(/^anthropic\./, '').replace(/^claude-v/, 'claude-');
    return { ...anthropic.modelTraits(first), ...known, lacks: ['serviceTier'] };
  }
  const reasoning = REASONING.find(([names]) => names.test(name))?.[1];
  return { reasoning: 'none', sampling: 'both', efforts: [], ...known, ...reasoning };
}
