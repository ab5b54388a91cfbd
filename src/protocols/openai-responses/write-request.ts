import { LazuError } from '../../errors.js';
import type { Conversation } from '../conversation.js';
import { cacheMarks, lackingIn } from '../lacks.js';
import type { ForeignUpstream, JsonObject, ModelTraits } from '../protocol.js';
import { EXTRAS } from './extras.js';
import { SERVICE_TIERS } from '../openai-chat/lacks.js';
import { DROPPED, REFUSED } from './lacks.js';
import { writeItems } from './write-items.js';
import { writeReasoning } from './write-reasoning.js';
import { withJsonHint, writeFormat, writeTools } from './write-tools.js';

/** https://platform.openai.com/docs/api-reference/responses/create#responses-create-max_output_tokens */
const LEAST_OUTPUT_TOKENS = 16;

type Drop = (name: string) => void;

/** The request of Responses: https://platform.openai.com/docs/api-reference/responses/create */
export const writeRequest: ForeignUpstream['writeRequest'] = (conversation, { model, stream, traits, without }) => {
  const { settings, names, turns, unread } = conversation;
  const dropped = new Set(unread);
  const drop: Drop = name => void dropped.add(name);
  for (const setting of lackingIn(conversation, REFUSED)) throw lacking(names[setting]);
  for (const setting of lackingIn(conversation, DROPPED)) drop(names[setting]);
  for (const path of cacheMarks(conversation)) drop(path);

  const reasoning = writeReasoning(settings.effort, traits, !without?.has(EXTRAS.summary));
  if (!reasoning.kept) drop(names.effort);
  if (settings.logprobs !== undefined && !isSampled(traits, reasoning.thinks)) throw lacking(names.logprobs);
  const { taken, verbosity, fields } = kindred(conversation);
  for (const name of taken) dropped.delete(name);
  const include = [
    ...(traits.reasoning === 'none' || without?.has(EXTRAS.encrypted) ? [] : ['reasoning.encrypted_content']),
    ...(settings.logprobs === undefined ? [] : ['message.output_text.logprobs']),
  ];
  const format = writeFormat(conversation, drop);
  const text = { ...(format && { format }), ...verbosity };
  const input = writeItems(turns, { drop, opensSeals: !without?.has(EXTRAS.seals) });
  const body: JsonObject = {
    model,
    input: withJsonHint(input, format),
    ...writeTools(conversation, drop),
    ...writeLimit(conversation, traits, drop),
    ...writeSampling(conversation, traits, reasoning.thinks, drop),
    ...(Object.keys(text).length > 0 && { text }),
    ...fields,
    ...(settings.logprobs !== undefined && { top_logprobs: settings.logprobs }),
    ...(reasoning.field && { reasoning: reasoning.field }),
    ...(settings.user !== undefined && { user: settings.user }),
    ...(settings.serviceTier && { service_tier: SERVICE_TIERS[settings.serviceTier] }),
    ...(include.length > 0 && { include }),
    // Never kept at the vendor: operators' credentials are shared by tenants (contract §4).
    store: false,
    ...(stream && { stream }),
  };
  return {
    body,
    dropped: [...dropped],
    names: {
      ...{ model: 'model', tools: 'tools', metadata: 'metadata', service_tier: names.serviceTier },
      max_output_tokens: names.maxOutputTokens,
      temperature: names.temperature,
      top_p: names.topP,
      text: names.outputFormat,
      top_logprobs: names.logprobs,
      reasoning: names.effort,
      tool_choice: names.toolChoice,
      parallel_tool_calls: names.parallelToolCalls,
      user: names.user,
    },
  };
};

function lacking(param: string): LazuError {
  const message = `This model does not support \`${param}\` here: leave it out.`;
  return new LazuError('unsupported_parameter', message, { param, retryable: true });
}

/** Hints that chat spells as Responses does: https://platform.openai.com/docs/api-reference/chat/create */
const SAME: readonly string[] = [
  ...['service_tier', 'metadata', 'prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options'],
  'safety_identifier',
];

/** What the caller's own dialect has no neutral form for, but this one has too. */
function kindred({ unread, unreadOf }: Conversation) {
  if (unreadOf?.dialect !== 'openai-chat') return { taken: [], fields: {}, verbosity: {} };
  const { fields: said } = unreadOf;
  const taken = unread.filter(name => SAME.includes(name) || name === 'verbosity');
  const fields = Object.fromEntries(taken.filter(name => SAME.includes(name)).map(name => [name, said[name]]));
  return { taken, fields, verbosity: taken.includes('verbosity') ? { verbosity: said.verbosity } : {} };
}

function writeLimit({ settings, names }: Conversation, { maxOutputTokens: most }: ModelTraits, drop: Drop): JsonObject {
  const { maxOutputTokens: asked } = settings;
  if (asked === undefined) return {};
  const limit = Math.max(LEAST_OUTPUT_TOKENS, Math.min(asked, most ?? Infinity));
  if (limit !== asked) drop(names.maxOutputTokens);
  return { max_output_tokens: limit };
}

/**
 * A model that may think or not has a temperature, and tells probabilities, while it does not:
 * https://platform.openai.com/docs/guides/latest-model#parameter-compatibility
 */
const isSampled = ({ sampling, reasoning }: ModelTraits, thinks: boolean): boolean =>
  sampling === 'both' && (!thinks || reasoning === 'always');

function writeSampling(
  { settings, names }: Conversation,
  traits: ModelTraits,
  thinks: boolean,
  drop: Drop,
): JsonObject {
  const { temperature, topP } = settings;
  if (isSampled(traits, thinks))
    return { ...(temperature !== undefined && { temperature }), ...(topP !== undefined && { top_p: topP }) };
  if (temperature !== undefined) drop(names.temperature);
  if (topP !== undefined) drop(names.topP);
  return {};
}
