import type { Lack } from '../lacks.js';

const REQUEST = 'https://platform.openai.com/docs/api-reference/responses/create';

/** What Responses lacks and the answer would miss: refused with 400 `unsupported_parameter`. */
export const REFUSED: readonly Lack[] = [
  { setting: 'stop', link: REQUEST },
  { feature: 'audio in a message', link: `${REQUEST}#responses-create-input` },
];

/** Hints that Responses lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'topK', link: REQUEST },
  { setting: 'seed', link: REQUEST },
  { setting: 'presencePenalty', link: REQUEST },
  { setting: 'frequencyPenalty', link: REQUEST },
  // It caches by itself.
  { feature: 'marks for the cache', link: 'https://platform.openai.com/docs/guides/prompt-caching' },
  { feature: 'unsigned thoughts', link: 'https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items' },
  { feature: 'images that a model made', link: `${REQUEST}#responses-create-input` },
];
