import { LazuError } from '../../errors.js';
import type { StopReason } from '../answer-event.js';

/** https://docs.cohere.com/reference/chat#response.body.finish_reason */
const STOP_REASONS: Readonly<Record<string, StopReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop-sequence',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool-calls',
  ERROR_TOXIC: 'content-filter',
};

/**
 * Reasons that nobody knows yet are `other`.
 * @throws LazuError for an answer that was given up half-way, which must not look like a whole one
 */
export function readStopReason(raw: unknown): StopReason {
  const message = 'The model provider gave up in the middle of its answer. Please try again.';
  if (raw === 'ERROR') throw new LazuError('upstream_error', message, { retryable: true });
  if (raw === 'TIMEOUT') throw new LazuError('upstream_timeout', message, { retryable: true });
  return (typeof raw === 'string' ? STOP_REASONS[raw] : undefined) ?? 'other';
}
