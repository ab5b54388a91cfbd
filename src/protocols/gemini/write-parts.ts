import { LazuError } from '../../errors.js';
import type { AudioBlock, Source, ToolResultBlock } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { MADE_ID } from './read-answer.js';

/** What OpenAI calls formats of sound: https://ai.google.dev/gemini-api/docs/audio#supported-formats */
const AUDIO_TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mp3',
  m4a: 'audio/mp4',
  pcm16: 'audio/L16;rate=24000',
};

/**
 * Bytes go inside the request. A place to fetch them from is none that Gemini could be given: `fileUri` names files of the operator's
 * own account too.
 * @throws LazuError `unsupported_parameter`
 */
export function writeMedia(source: Source, path: string): JsonObject {
  if (source.kind === 'bytes') return { inlineData: { mimeType: source.mediaType, data: source.data } };
  const message = `\`${path}\`: this model takes no URL here. Send the content itself, as a data URL.`;
  throw new LazuError('unsupported_parameter', message, { param: path, retryable: true });
}

export const writeAudio = ({ format, data }: AudioBlock): JsonObject => ({
  inlineData: { mimeType: AUDIO_TYPES[format] ?? `audio/${format}`, data },
});

/** Ids that Gemini did not give are nothing that it could know; models that do not sign calls refuse all of them. */
export const idOf = (id: string, signedCalls: boolean): JsonObject =>
  signedCalls && !id.startsWith(MADE_ID) ? { id } : {};

/**
 * https://ai.google.dev/api/caching#FunctionResponse
 * @returns the response, and what stands beside it: images, where the model does not take them inside
 */
export function writeResult(
  { callId, content, isError }: ToolResultBlock,
  name: string,
  signedCalls: boolean,
): { response: JsonObject; beside: JsonObject[] } {
  const said = content.flatMap(block => (block.type === 'text' ? [block.text] : []));
  const images = content.flatMap(block => (block.type === 'image' ? [writeMedia(block.source, block.path)] : []));
  const inside = signedCalls && images.length > 0 ? { parts: images } : {};
  const response = { [isError === true ? 'error' : 'output']: said.join('\n') };
  const functionResponse = { ...idOf(callId, signedCalls), name, response, ...inside };
  return { response: { functionResponse }, beside: signedCalls ? [] : images };
}
