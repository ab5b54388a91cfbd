import type { Lack } from '../lacks.js';

const REQUEST = 'https://ai.google.dev/api/generate-content#request-body';

/** What some models of Gemini lack (`ModelTraits.lacks`) and the answer would miss: refused with 400 `unsupported_parameter`. */
export const REFUSED: readonly Lack[] = [
  { setting: 'logprobs', link: 'https://ai.google.dev/api/generate-content#FIELDS.response_logprobs' },
];

/** Hints that Gemini lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'user', link: REQUEST },
  {
    setting: 'parallelToolCalls',
    link: 'https://ai.google.dev/gemini-api/docs/function-calling#parallel_function_calling',
  },
  // Of what is marked Google makes objects that it stores: https://ai.google.dev/gemini-api/docs/caching
  { feature: 'marks for the cache', link: REQUEST },
  { feature: 'unsigned thoughts', link: 'https://ai.google.dev/gemini-api/docs/thought-signatures' },
  // One for all media of a request, or for a part of models since the third: https://ai.google.dev/gemini-api/docs/media-resolution
  { feature: 'detail of an image', link: REQUEST },
];

/** https://ai.google.dev/api/generate-content#FIELDS.stop_sequences */
export const MOST_STOPS = 5;
