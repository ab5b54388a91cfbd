import type { MissedField } from '../lacks.js';
import type { JsonObject } from '../protocol.js';
import { field, fieldsOf, isObject, objectIn, unsupported } from './fields.js';

/** Fields that the reader, or the gateway itself, has dealt with. */
const READ: ReadonlySet<string> = new Set([
  'model',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'serviceTier',
]);
const CONFIG_READ: ReadonlySet<string> = new Set([
  ...['maxOutputTokens', 'temperature', 'topP', 'topK', 'stopSequences', 'seed', 'presencePenalty', 'frequencyPenalty'],
  ...['responseLogprobs', 'logprobs', 'thinkingConfig', 'candidateCount', 'responseMimeType', 'responseSchema'],
  ...['responseJsonSchema', 'ResponseJsonSchema', 'responseFormat'], // `_responseJsonSchema` in camel case
]);

const PAGE = 'https://ai.google.dev/api/generate-content';

/** Fields whose absence would be noticed, with the values that say nothing. */
export const MISSED: Readonly<Record<string, MissedField>> = {
  responseModalities: {
    saysNothing: value => Array.isArray(value) && value.every(one => one === 'TEXT'),
    link: `${PAGE}#FIELDS.response_modalities`,
  },
  speechConfig: { saysNothing: () => false, link: `${PAGE}#FIELDS.speech_config` },
  imageConfig: { saysNothing: () => false, link: `${PAGE}#FIELDS.image_config` },
  translationConfig: { saysNothing: () => false, link: `${PAGE}#generationconfig` },
};

/** Hints that say nothing when they have these values. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  store: [false],
  safetySettings: [],
};

/**
 * What is left: hints that are reported, and what would be missed.
 * @throws LazuError `unsupported_parameter`
 */
export function readUnread(body: JsonObject): string[] {
  const config = objectIn(body, 'generationConfig', '') ?? {};
  const toolConfig = field(body, 'toolConfig');
  return [
    ...unreadIn(body, '', READ),
    ...unreadIn(config, 'generationConfig.', CONFIG_READ),
    ...unreadIn(isObject(toolConfig) ? toolConfig : {}, 'toolConfig.', new Set(['functionCallingConfig'])),
  ];
}

function unreadIn(object: JsonObject, prefix: string, read: ReadonlySet<string>): string[] {
  const unread: string[] = [];
  for (const [name, value] of fieldsOf(object)) {
    if (read.has(name)) continue;
    const missed = MISSED[name];
    if (missed && !missed.saysNothing(value))
      throw unsupported(prefix + name, 'is not supported by this model: leave it out.');
    const isEmpty = Array.isArray(value) && value.length === 0;
    if (!missed && !isEmpty && DEFAULTS[name]?.includes(value) !== true) unread.push(prefix + name);
  }
  return unread;
}
