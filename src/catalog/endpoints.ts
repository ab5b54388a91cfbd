import type { EndpointType } from './route.js';

/** Where each endpoint type is called (contract §1, §3). */
export const ENDPOINT_PATHS: Readonly<Record<EndpointType, readonly string[]>> = {
  chat: ['/v1/chat/completions'],
  responses: ['/v1/responses'],
  embeddings: ['/v1/embeddings'],
  messages: ['/v1/messages'],
  gemini: ['/v1beta/models/{model}:generateContent', '/v1beta/models/{model}:streamGenerateContent'],
  images: ['/v1/images/generations', '/v1/images/edits'],
  speech: ['/v1/audio/speech'],
  transcription: ['/v1/audio/transcriptions'],
  moderation: ['/v1/moderations'],
  rerank: ['/v1/rerank'],
};

export const ENDPOINT_TYPES = [
  'chat',
  'responses',
  'embeddings',
  'messages',
  'gemini',
  'images',
  'speech',
  'transcription',
  'moderation',
  'rerank',
] as const satisfies readonly EndpointType[];

/** Dialects of a conversation: whoever speaks chat is reached through all of them (contract §5, §8). */
const CONVERSATIONAL: ReadonlySet<EndpointType> = new Set(['responses', 'messages', 'gemini']);

/** Whether a model of these types can be called through this endpoint. */
export function serves(types: readonly EndpointType[], endpoint: EndpointType): boolean {
  return types.includes(endpoint) || (CONVERSATIONAL.has(endpoint) && types.includes('chat'));
}
