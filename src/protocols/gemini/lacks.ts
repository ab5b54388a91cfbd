import type { Setting } from '../conversation.js';

interface Lack {
  readonly setting: Setting;
  /** Where the vendor says so, or lists all that it has. */
  readonly link: string;
}

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
];
