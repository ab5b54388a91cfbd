import type { Sealed } from './conversation.js';
import type { JsonObject } from './protocol.js';
import type { Usage } from './usage.js';

/** Why a model stopped. Vendors' words that we do not know are `other`. */
export type StopReason =
  'stop' | 'stop-sequence' | 'length' | 'tool-calls' | 'refusal' | 'content-filter' | 'pause' | 'other';

/**
 * An answer as it comes, in our own words. Blocks do not overlap: each is closed by `block-end` before the next begins. A whole answer
 * is the same events at once.
 */
export type AnswerEvent =
  /** `id` and `model` are the upstream's own. */
  | { readonly type: 'answer-start'; readonly id: string; readonly model: string }
  | { readonly type: 'text-delta'; readonly text: string }
  | { readonly type: 'reasoning-delta'; readonly text: string }
  | { readonly type: 'tool-call-start'; readonly id: string; readonly name: string }
  /** A piece of the input's JSON text. */
  | { readonly type: 'tool-input-delta'; readonly json: string }
  /** The block that ends now, or one that has no other form, as its own protocol needs it back. */
  | { readonly type: 'sealed-block'; readonly sealed: Sealed }
  /** An image that the model made, whole; `data` is base64. A block of its own. */
  | { readonly type: 'image'; readonly mediaType: string; readonly data: string }
  /** How likely the text was that came since the last of these: OpenAI's entries `{token, logprob, bytes, top_logprobs}`. */
  | { readonly type: 'logprobs'; readonly tokens: readonly JsonObject[] }
  | { readonly type: 'block-end' }
  /** Running totals: the last one wins. `final`: the output is in it. */
  | { readonly type: 'usage'; readonly usage: Usage; readonly final: boolean }
  /** `explanation`: the vendor's words on a refusal. */
  | { readonly type: 'answer-end'; readonly stopReason: StopReason; readonly explanation: string | undefined };
