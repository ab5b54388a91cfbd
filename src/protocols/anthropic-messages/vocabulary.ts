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

/** The same word for it that Anthropic has; clients run tools only where that is the reason. */
export function writeStopReason(reason: StopReason, hasCalls: boolean): string {
  switch (reason) {
    case 'stop':
    case 'other':
      return hasCalls ? 'tool_use' : 'end_turn';
    case 'stop-sequence':
      return 'stop_sequence';
    case 'length':
      return 'max_tokens';
    case 'tool-calls':
      return 'tool_use';
    case 'refusal':
    case 'content-filter':
      return 'refusal';
    case 'pause':
      return 'pause_turn';
  }
}

export const readStopReason = (raw: unknown): StopReason =>
  (typeof raw === 'string' ? STOP_REASONS[raw] : undefined) ?? 'other';
