import type { StopReason } from '../answer-event.js';

/** Why an answer is incomplete: https://platform.openai.com/docs/api-reference/responses/object#responses/object-incomplete_details */
const REASONS: Readonly<Record<string, StopReason>> = {
  max_output_tokens: 'length',
  content_filter: 'content-filter',
};

export const readIncompleteReason = (raw: unknown): StopReason =>
  (typeof raw === 'string' ? REASONS[raw] : undefined) ?? 'other';
