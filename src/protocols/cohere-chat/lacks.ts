import type { Lack } from '../lacks.js';

const REQUEST = 'https://docs.cohere.com/reference/chat';

/** What Cohere lacks and the answer would miss: its `logprobs` are of another shape, and without alternatives. */
export const REFUSED: readonly Lack[] = [
  { setting: 'logprobs', link: REQUEST },
  { feature: 'audio in a message', link: REQUEST },
  { feature: 'PDF in a message', link: 'https://docs.cohere.com/docs/retrieval-augmented-generation-rag' },
  { feature: 'files of other types', link: 'https://docs.cohere.com/docs/retrieval-augmented-generation-rag' },
  { feature: 'a format beside tools', link: 'https://docs.cohere.com/reference/chat#request.body.response_format' },
];

/** Hints that Cohere lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'parallelToolCalls', link: REQUEST },
  { setting: 'user', link: REQUEST },
  // `priority` orders requests of one account: https://docs.cohere.com/reference/chat#request.body.priority
  { setting: 'serviceTier', link: REQUEST },
  { feature: 'marks for the cache', link: REQUEST },
  { feature: 'images that a model made', link: 'https://docs.cohere.com/docs/image-inputs' },
];

/** https://docs.cohere.com/reference/chat#request.body.stop_sequences */
export const MOST_STOPS = 5;
