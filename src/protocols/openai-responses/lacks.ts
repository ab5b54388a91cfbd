import type { Setting } from '../conversation.js';

interface Lack {
  readonly setting: Setting;
  /** Where the vendor lists all that it has. */
  readonly link: string;
}

const REQUEST = 'https://platform.openai.com/docs/api-reference/responses/create';

/** What Responses lacks and the answer would miss: refused with 400 `unsupported_parameter`. */
export const REFUSED: readonly Lack[] = [{ setting: 'stop', link: REQUEST }];

/** Hints that Responses lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'seed', link: REQUEST },
  { setting: 'presencePenalty', link: REQUEST },
  { setting: 'frequencyPenalty', link: REQUEST },
];
