import { LazuError } from '../../errors.js';
import type { StopReason } from '../answer-event.js';

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_MessageStopEvent.html */
const STOP_REASONS: Readonly<Record<string, StopReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  content_filtered: 'content-filter',
  guardrail_intervened: 'content-filter',
};

/** The model wrote what its host cannot read: no answer, though it comes with status 200. */
const FAILED: ReadonlySet<unknown> = new Set(['malformed_model_output', 'malformed_tool_use']);

/**
 * Reasons that nobody knows yet are `other`.
 * @throws LazuError for an answer that broke off, which must not look like a whole one
 */
export function readStopReason(raw: unknown): StopReason {
  if (FAILED.has(raw)) {
    const message = 'The model wrote something that its provider could not read. Please try again.';
    throw new LazuError('upstream_error', message, { retryable: true });
  }
  return (typeof raw === 'string' ? STOP_REASONS[raw] : undefined) ?? 'other';
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html */
const IMAGE_FORMATS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

export const imageFormat = (mediaType: string): string | undefined => IMAGE_FORMATS[mediaType];

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html */
const DOCUMENT_FORMATS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/markdown': 'md',
  'text/x-markdown': 'md',
  'application/json': 'txt',
};

/** Text of any kind is plain text where the vendor has no name for it. */
export const documentFormat = (mediaType: string): string | undefined =>
  DOCUMENT_FORMATS[mediaType] ?? (mediaType.startsWith('text/') ? 'txt' : undefined);

/** Audio has many names: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_AudioBlock.html */
const AUDIO_FORMATS: ReadonlySet<string> = new Set([
  ...['mp3', 'opus', 'wav', 'aac', 'flac', 'mp4', 'ogg', 'mkv', 'mka', 'x-aac', 'm4a', 'mpeg', 'mpga', 'pcm', 'webm'],
]);

export const audioFormat = (format: string): string | undefined => (AUDIO_FORMATS.has(format) ? format : undefined);
