import type { ServiceTier } from '../conversation.js';
import type { Lack } from '../lacks.js';

const MESSAGES = 'https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages';

/** What OpenAI's chat lacks and the answer would miss: nothing. What single vendors of it lack is in their folders: `Provider.refuses`. */
export const REFUSED: readonly Lack[] = [];

/** Hints that it lacks; `Provider.drops` has those of single vendors, some of which have a place for marks, or for thoughts. */
export const DROPPED: readonly Lack[] = [
  { setting: 'topK', link: 'https://platform.openai.com/docs/api-reference/chat/create' },
  // It caches by itself: https://platform.openai.com/docs/guides/prompt-caching
  { feature: 'marks for the cache', link: 'https://platform.openai.com/docs/guides/prompt-caching' },
  { feature: 'unsigned thoughts', link: MESSAGES },
  { feature: 'images that a model made', link: MESSAGES },
];

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-service_tier */
export const SERVICE_TIERS: Readonly<Record<ServiceTier, string>> = {
  standard: 'default',
  flex: 'flex',
  priority: 'priority',
};

/** Most stop sequences: https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop */
export const MOST_STOPS = 4;

/** Longest id of a tool call: a longer one is a 400 "string too long". https://platform.openai.com/docs/api-reference/chat/create */
export const LONGEST_CALL_ID = 40;
