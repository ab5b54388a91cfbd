import type { Setting } from '../conversation.js';

interface Lack {
  readonly setting: Setting;
  /** Where the vendor says so, or lists all that it has. */
  readonly link: string;
}

const REQUEST = 'https://docs.cohere.com/reference/chat';

/** What Cohere lacks and the answer would miss: its `logprobs` are of another shape, and without alternatives. */
export const REFUSED: readonly Lack[] = [{ setting: 'logprobs', link: REQUEST }];

/** Hints that Cohere lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'parallelToolCalls', link: REQUEST },
  { setting: 'user', link: REQUEST },
];

/** https://docs.cohere.com/reference/chat#request.body.stop_sequences */
export const MOST_STOPS = 5;
