import type { StopReason } from '../answer-event.js';

/** https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
const STOP_REASONS: Readonly<Record<string, StopReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  refusal: 'refusal',
  pause_turn: 'pause',
};

export const readStopReason = (raw: unknown): StopReason =>
  (typeof raw === 'string' ? STOP_REASONS[raw] : undefined) ?? 'other';
