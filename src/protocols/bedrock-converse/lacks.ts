import type { Setting } from '../conversation.js';

interface Lack {
  readonly setting: Setting;
  /** Where the vendor lists all that it has. */
  readonly link: string;
}

const REQUEST = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html';
const SAMPLING = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html';
const CHOICE = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html';

/** What Converse lacks and the answer would miss: refused with 400 `unsupported_parameter`. */
export const REFUSED: readonly Lack[] = [{ setting: 'logprobs', link: REQUEST }];

/** Hints that Converse lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'seed', link: SAMPLING },
  { setting: 'presencePenalty', link: SAMPLING },
  { setting: 'frequencyPenalty', link: SAMPLING },
  { setting: 'parallelToolCalls', link: CHOICE },
  // `requestMetadata` marks log entries of the operator's and has no room for an end user's name.
  { setting: 'user', link: REQUEST },
];
