import { LazuError } from '../../errors.js';
import type { Conversation, Setting, Tool } from '../conversation.js';
import { cacheMarks, lackingIn } from '../lacks.js';
import type { ForeignUpstream, JsonObject, WrittenRequest } from '../protocol.js';
import { DROPPED, MOST_STOPS, REFUSED, SERVICE_TIERS } from './lacks.js';
import { SETTING_NAMES } from './read-settings.js';
import { strictSchema } from './strict-schema.js';
import { writeEffort } from './write-effort.js';
import { marked } from './write-parts.js';
import { writeTurns } from './write-turns.js';

type Drop = (name: string) => void;

/** OpenAI's chat request: https://platform.openai.com/docs/api-reference/chat/create */
export const writeRequest: ForeignUpstream['writeRequest'] = (conversation, { model, stream, traits }) => {
  const { settings, names, turns, unread } = conversation;
  const dropped = new Set(unread);
  const drop: Drop = name => void dropped.add(name);
  for (const setting of lackingIn(conversation, REFUSED)) throw lacking(names[setting]);
  for (const setting of lackingIn(conversation, DROPPED)) drop(names[setting]);

  const marks = (traits.cacheLifetimes ?? []).length > 0;
  if (!marks) for (const path of cacheMarks(conversation)) drop(path);
  const messages = writeTurns(turns, traits, drop);
  if (messages.length === 0) {
    const message = 'This model needs at least one message that says something.';
    throw new LazuError('invalid_value', message, { param: 'messages' });
  }
  const most = traits.maxOutputTokens ?? Infinity;
  const asked = settings.maxOutputTokens;
  if (asked !== undefined && asked > most) drop(names.maxOutputTokens);
  const { presencePenalty, frequencyPenalty, logprobs, seed, stop, user, serviceTier } = settings;
  if (stop && stop.length > MOST_STOPS) throw lacking(names.stop, `give at most ${MOST_STOPS} sequences`);
  const format = formatOf(conversation, messages, drop);

  const body: JsonObject = {
    model,
    messages: format.hint ? [format.hint, ...messages] : messages,
    ...toolsOf(conversation, marks, drop),
    ...format.fields,
    ...(asked !== undefined && { max_tokens: Math.min(asked, most) }),
    ...samplingOf(conversation, traits.sampling, drop),
    ...(stop && { stop }),
    ...(seed !== undefined && { seed }),
    ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
    ...(logprobs !== undefined && { logprobs: true, ...(logprobs > 0 && { top_logprobs: logprobs }) }),
    ...effortOf(conversation, traits, drop),
    ...(user !== undefined && { user }),
    ...(serviceTier && { service_tier: SERVICE_TIERS[serviceTier] }),
    ...(stream && { stream }),
  };
  return { body, dropped: [...dropped], names: callersNames(names) } satisfies WrittenRequest;
};

/** What the caller calls each field of the body. */
function callersNames(names: Conversation['names']): Record<string, string> {
  const fields = (Object.keys(SETTING_NAMES) as Setting[]).map(setting => [SETTING_NAMES[setting], names[setting]]);
  return {
    ...(Object.fromEntries(fields) as Record<string, string>),
    max_completion_tokens: names.maxOutputTokens,
    top_logprobs: names.logprobs,
    tools: 'tools',
  };
}

function lacking(param: string, advice = 'leave it out'): LazuError {
  const message = `This model does not support \`${param}\` here: ${advice}.`;
  return new LazuError('unsupported_parameter', message, { param, retryable: true });
}

function effortOf(
  { settings, names }: Conversation,
  traits: Parameters<typeof writeEffort>[1],
  drop: Drop,
): JsonObject {
  if (settings.effort === undefined) return {};
  const { fields, kept } = writeEffort(settings.effort, traits);
  if (!kept) drop(names.effort);
  return fields;
}

/** Models that reason take neither, or one: https://platform.openai.com/docs/guides/latest-model#parameter-compatibility */
function samplingOf({ settings, names }: Conversation, sampling: 'both' | 'one' | 'none', drop: Drop): JsonObject {
  const { temperature, topP } = settings;
  const fields: JsonObject = {};
  if (temperature !== undefined) {
    if (sampling === 'none') drop(names.temperature);
    else fields.temperature = temperature;
  }
  if (topP !== undefined) {
    if (sampling === 'none' || (sampling === 'one' && temperature !== undefined)) drop(names.topP);
    else fields.top_p = topP;
  }
  return fields;
}

/** https://platform.openai.com/docs/guides/function-calling?api-mode=chat; without tools, what is said of them is refused */
function toolsOf({ tools, settings }: Conversation, marks: boolean, drop: Drop): JsonObject {
  if (tools.length === 0) return {};
  const { toolChoice: choice, parallelToolCalls } = settings;
  const chosen = choice?.mode === 'one' ? { type: 'function', function: { name: choice.name } } : choice?.mode;
  return {
    tools: tools.map(tool => marked(writeTool(tool, drop), marks ? tool.cache : undefined)),
    ...(chosen !== undefined && { tool_choice: chosen }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
  };
}

/** A schema that cannot be held to goes as it is, and the model tries to match it. */
function writeTool({ name, description, schema, strict, path }: Tool, drop: Drop): JsonObject {
  const given = schema ?? { type: 'object', properties: {} };
  const { schema: held, lost, loose } = strict ? strictSchema(given) : { schema: given, lost: [], loose: [] };
  const tooMuch = [...lost, ...loose];
  for (const pointer of tooMuch) drop(path + pointer);
  const isStrict = strict && tooMuch.length === 0;
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: isStrict ? held : given,
      ...(isStrict && { strict }),
    },
  };
}

/** https://platform.openai.com/docs/guides/structured-outputs?api-mode=chat */
function formatOf(
  { settings }: Conversation,
  messages: readonly JsonObject[],
  drop: Drop,
): { fields: JsonObject; hint?: JsonObject } {
  const { outputFormat: format } = settings;
  switch (format?.kind) {
    case undefined:
      return { fields: {} };
    case 'json': {
      const fields = { response_format: { type: 'json_object' } };
      // The word must be in a message: https://platform.openai.com/docs/guides/structured-outputs?api-mode=chat#json-mode
      if (/json/i.test(JSON.stringify(messages))) return { fields };
      return { fields, hint: { role: 'system', content: 'Answer with a JSON object.' } };
    }
    case 'schema': {
      const { schema, lost, loose } = strictSchema(format.schema);
      const [first] = lost;
      if (format.strict && first !== undefined)
        throw lacking(format.path, `the keyword at ${first} cannot be held to; remove it, or set \`strict\` to false`);
      const strict = format.strict && loose.length === 0;
      if (format.strict && !strict) for (const pointer of loose) drop(format.path + pointer);
      const held = { name: 'answer', schema: strict ? schema : format.schema, strict };
      return { fields: { response_format: { type: 'json_schema', json_schema: held } } };
    }
  }
}
