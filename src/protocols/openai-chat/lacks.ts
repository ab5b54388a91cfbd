import type { Setting } from '../conversation.js';

interface Lack {
  readonly setting: Setting;
  /** Where the vendor says so, or lists all that it has. */
  readonly link: string;
}

/** What OpenAI's chat lacks and the answer would miss: nothing. What single vendors of it lack is in their folders: `Provider.refuses`. */
export const REFUSED: readonly Lack[] = [];

/** Hints that it lacks: none; `Provider.drops` has those of single vendors. */
export const DROPPED: readonly Lack[] = [];

/** Most stop sequences: https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop */
export const MOST_STOPS = 4;

/** Longest id of a tool call: a longer one is a 400 "string too long". https://platform.openai.com/docs/api-reference/chat/create */
export const LONGEST_CALL_ID = 40;
