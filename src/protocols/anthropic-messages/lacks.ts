import type { Setting } from '../conversation.js';

interface Lack {
  readonly setting: Setting;
  /** Where the vendor says so, or lists all that it has. */
  readonly link: string;
}

const REQUEST = 'https://platform.claude.com/docs/en/api/messages/create';

/** What Anthropic lacks and the answer would miss: refused with 400 `unsupported_parameter`. */
export const REFUSED: readonly Lack[] = [{ setting: 'logprobs', link: REQUEST }];

/** Hints that Anthropic lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'seed', link: REQUEST },
  { setting: 'presencePenalty', link: REQUEST },
  { setting: 'frequencyPenalty', link: REQUEST },
];
