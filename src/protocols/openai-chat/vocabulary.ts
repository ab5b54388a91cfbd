import { LazuError } from '../../errors.js';
import type { StopReason } from '../answer-event.js';

/** https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices-finish_reason, and what clones add to it */
const STOP_REASONS: Readonly<Record<string, StopReason>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  length: 'length',
  max_tokens: 'length',
  // https://docs.mistral.ai/api/endpoint/chat
  model_length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
};

/** An answer that was given up half-way; it must not look like a whole one. */
const FAILURES: Readonly<Record<string, 'upstream_error' | 'upstream_unavailable'>> = {
  error: 'upstream_error',
  // https://api-docs.deepseek.com/api/create-chat-completion
  insufficient_system_resource: 'upstream_unavailable',
};

/**
 * Some clones say `stop` where tools were called, which would end a caller's tool loop; others end without a reason.
 * @throws LazuError for a reason that is a failure
 */
export function readStopReason(raw: string | undefined, hasCalls: boolean): StopReason {
  const failure = raw === undefined ? undefined : FAILURES[raw];
  if (failure) {
    const message = 'The model provider gave up in the middle of its answer. Please try again.';
    throw new LazuError(failure, message, { retryable: true });
  }
  const reason = (raw === undefined ? undefined : STOP_REASONS[raw]) ?? 'other';
  return hasCalls && (reason === 'stop' || reason === 'other') ? 'tool-calls' : reason;
}
