import type { StopReason } from '../answer-event.js';

/** https://ai.google.dev/api/generate-content#FinishReason and Vertex's own, which adds `MODEL_ARMOR` */
const STOP_REASONS: Readonly<Record<string, StopReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  LANGUAGE: 'content-filter',
  ESCALATION: 'content-filter',
};

/** The model wrote what its own vendor cannot read, or was stopped half-way: no answer at all, though it comes with status 200. */
const FAILED: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'UNEXPECTED_TOOL_CALL',
  'MISSING_THOUGHT_SIGNATURE',
  'TOO_MANY_TOOL_CALLS',
]);

export const isFailure = (finishReason: string): boolean => FAILED.has(finishReason);

/** A turn that calls tools ends with `STOP` like any other. */
export function readStopReason(finishReason: string, callsTools: boolean): StopReason {
  const reason = STOP_REASONS[finishReason] ?? 'other';
  return reason === 'stop' && callsTools ? 'tool-calls' : reason;
}
