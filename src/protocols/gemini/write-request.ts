import { LazuError } from '../../errors.js';
import type { Conversation } from '../conversation.js';
import { cacheMarks, lackingIn } from '../lacks.js';
import type { ForeignUpstream, JsonObject, ModelTraits, WrittenRequest } from '../protocol.js';
import { DROPPED, MOST_STOPS, REFUSED } from './lacks.js';
import { writeSchema } from './schema.js';
import { writeThinking } from './write-thinking.js';
import { writeTools } from './write-tools.js';
import { writeTurns } from './write-turns.js';

type Drop = (name: string) => void;

/** Gemini's penalties end below 2, its seeds are of 32 bits: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#generationconfig */
const MOST_PENALTY = 1.99;
const MOST_SEED = 2_147_483_647;

/** Gemini's request: https://ai.google.dev/api/generate-content#request-body. The model, and whether it streams, are in the path. */
export const writeRequest: ForeignUpstream['writeRequest'] = (conversation, { traits }) => {
  const { settings, names, turns, unread } = conversation;
  const dropped = new Set(unread);
  const drop: Drop = name => void dropped.add(name);
  for (const setting of lackingIn(conversation, REFUSED))
    if (traits.lacks?.includes(setting)) throw lacking(names[setting]);
  for (const setting of lackingIn(conversation, DROPPED)) if (settings[setting] !== true) drop(names[setting]);
  for (const path of cacheMarks(conversation)) drop(path);
  if (settings.stop && settings.stop.length > MOST_STOPS)
    throw lacking(names.stop, `give at most ${MOST_STOPS} sequences`);

  const { system, contents } = writeTurns(turns, { signedCalls: traits.signedCalls === true, drop });
  if (contents.length === 0) {
    const message = 'This model needs at least one message of the user that says something.';
    throw new LazuError('invalid_value', message, { param: 'messages' });
  }
  const generationConfig: JsonObject = {
    ...lengthOf(conversation, traits, drop),
    ...samplingOf(conversation, traits, drop),
    ...(settings.stop && { stopSequences: settings.stop }),
    ...(settings.logprobs !== undefined && { responseLogprobs: true }),
    ...(settings.logprobs !== undefined && settings.logprobs > 0 && { logprobs: settings.logprobs }),
    ...formatOf(conversation, drop),
    ...thinkingOf(conversation, traits, drop),
  };
  const body: JsonObject = {
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    contents,
    ...writeTools(conversation, drop),
    ...(Object.keys(generationConfig).length > 0 && { generationConfig }),
    ...tierOf(conversation, traits, drop),
  };
  return { body, dropped: [...dropped] } satisfies WrittenRequest;
};

function lacking(param: string, advice = 'leave it out'): LazuError {
  const message = `This model does not support \`${param}\` here: ${advice}.`;
  return new LazuError('unsupported_parameter', message, { param, retryable: true });
}

/** https://ai.google.dev/gemini-api/docs/flex-inference */
function tierOf({ settings, names }: Conversation, { lacks }: ModelTraits, drop: Drop): JsonObject {
  const { serviceTier } = settings;
  if (serviceTier === undefined) return {};
  if (!lacks?.includes('serviceTier')) return { serviceTier };
  drop(names.serviceTier);
  return {};
}

function lengthOf({ settings, names }: Conversation, traits: ModelTraits, drop: Drop): JsonObject {
  const { maxOutputTokens: asked } = settings;
  if (asked === undefined) return {};
  const most = traits.maxOutputTokens ?? Infinity;
  if (asked > most) drop(names.maxOutputTokens);
  return { maxOutputTokens: Math.min(asked, most) };
}

function samplingOf({ settings, names }: Conversation, traits: ModelTraits, drop: Drop): JsonObject {
  const fields: JsonObject = {};
  const set = (
    setting: 'temperature' | 'topP' | 'topK' | 'seed' | 'presencePenalty' | 'frequencyPenalty',
    most: number,
  ) => {
    const value = settings[setting];
    if (value === undefined) return;
    const isSampling = setting === 'temperature' || setting === 'topP' || setting === 'topK';
    if (traits.lacks?.includes(setting) || (isSampling && traits.sampling === 'none')) return drop(names[setting]);
    if (setting === 'seed' && (!Number.isInteger(value) || Math.abs(value) > most)) return drop(names[setting]);
    if (value > most) drop(names[setting]);
    fields[setting] = Math.min(value, most);
  };
  set('temperature', 2);
  set('topP', 1);
  set('topK', Infinity);
  set('seed', MOST_SEED);
  set('presencePenalty', MOST_PENALTY);
  set('frequencyPenalty', MOST_PENALTY);
  return fields;
}

/** https://ai.google.dev/gemini-api/docs/structured-output */
function formatOf({ settings, names }: Conversation, drop: Drop): JsonObject {
  const { outputFormat: format } = settings;
  const responseMimeType = 'application/json';
  switch (format?.kind) {
    case undefined:
      return {};
    case 'json':
      return { responseMimeType };
    case 'schema': {
      const lost: string[] = [];
      const responseJsonSchema = writeSchema(format.schema, pointer => lost.push(pointer));
      const [first] = lost;
      if (format.strict && first !== undefined) {
        const advice = `the keyword at ${first} of ${names.outputFormat} cannot be held to; remove it, or set \`strict\` to false`;
        throw lacking(format.path, advice);
      }
      for (const pointer of lost) drop(format.path + pointer);
      return { responseMimeType, responseJsonSchema };
    }
  }
}

function thinkingOf({ settings, names }: Conversation, traits: ModelTraits, drop: Drop): JsonObject {
  const { effort, maxOutputTokens } = settings;
  if (effort === undefined) return {};
  const { config, kept } = writeThinking(effort, traits, maxOutputTokens);
  if (!kept) drop(names.effort);
  return config ? { thinkingConfig: config } : {};
}
