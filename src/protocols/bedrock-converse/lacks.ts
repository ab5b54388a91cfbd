import type { Lack } from '../lacks.js';

const REQUEST = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html';
const SAMPLING = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html';
const DOCUMENT = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html';
const MESSAGE = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html';
const IMAGE = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html';
const THOUGHT = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ReasoningTextBlock.html';
const CHOICE = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html';

/** What Converse lacks and the answer would miss: refused with 400 `unsupported_parameter`. */
export const REFUSED: readonly Lack[] = [
  { setting: 'logprobs', link: REQUEST },
  { feature: 'files of other types', link: DOCUMENT },
  {
    feature: 'any JSON as the format',
    link: 'https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html',
  },
];

/** Hints that Converse lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'topK', link: SAMPLING },
  { setting: 'seed', link: SAMPLING },
  { setting: 'presencePenalty', link: SAMPLING },
  { setting: 'frequencyPenalty', link: SAMPLING },
  { setting: 'parallelToolCalls', link: CHOICE },
  // `requestMetadata` marks log entries of the operator's and has no room for an end user's name.
  { setting: 'user', link: REQUEST },
  { feature: 'unsigned thoughts', link: THOUGHT },
  { feature: 'detail of an image', link: IMAGE },
  { feature: 'images that a model made', link: MESSAGE },
];
