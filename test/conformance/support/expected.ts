import { isDeepStrictEqual } from 'node:util';

/** What contract §11 says a caller gets for an upstream's answer; written from the contract, not from the code. */
export interface ExpectedError {
  readonly kind: string;
  readonly status: number;
  readonly codes: readonly string[];
  /** Whether the upstream's own words reach the caller. */
  readonly tells: boolean;
}

/** The four codes that a refusal of the request itself can have. */
const REFUSALS = ['invalid_request', 'unsupported_parameter', 'context_length_exceeded', 'content_policy_violation'];

export function expectedError(status: number, body: any, name: string): ExpectedError {
  // A host that moderates what it passes on says 403: https://openrouter.ai/docs/api-reference/errors#moderation-errors
  if (status === 403 && Array.isArray(body?.error?.metadata?.reasons))
    return { kind: 'BadRequestError', status: 400, codes: ['content_policy_violation'], tells: false };
  const quota = /insufficient_quota|exceeded your current quota/.test(JSON.stringify(body));
  if (quota || [401, 402, 403, 404].includes(status))
    return { kind: 'InternalServerError', status: 502, codes: ['upstream_error'], tells: false };
  if ([400, 413, 422].includes(status))
    return { kind: 'BadRequestError', status: 400, codes: refusalsFor(body, name), tells: true };
  if (status === 429) return { kind: 'RateLimitError', status: 429, codes: ['upstream_rate_limited'], tells: false };
  if (status === 408 || status === 504)
    return { kind: 'InternalServerError', status: 504, codes: ['upstream_timeout'], tells: false };
  if (status === 503 || status === 529)
    return { kind: 'InternalServerError', status: 503, codes: ['upstream_unavailable'], tells: false };
  return { kind: 'InternalServerError', status: 502, codes: ['upstream_error'], tells: false };
}

/** OpenAI's own codes say which one it is; the recorder's name of the scenario too; other words leave it open. */
function refusalsFor(body: any, name: string): readonly string[] {
  if (name.includes('context_length_exceeded')) return ['context_length_exceeded'];
  switch (body?.error?.code) {
    case 'context_length_exceeded':
      return ['context_length_exceeded'];
    case 'content_filter':
    case 'content_policy_violation':
      return ['content_policy_violation'];
    case 'unsupported_parameter':
      return ['unsupported_parameter'];
    default:
      return REFUSALS;
  }
}

/** The words of an upstream's error, wherever its dialect puts them. */
export const wordsOf = (body: any): string | undefined =>
  [body?.error?.message, body?.error, body?.message, body?.detail, body?.[0]?.error?.message].find(
    words => typeof words === 'string',
  );

/**
 * The bytes that a caller gets for these bytes of an upstream's stream: the very same, except that a frame with empty `choices` and
 * a usage object goes missing unless it was asked for, and `[DONE]` is there, once, as the last frame; so the frame before it has
 * the blank line that ends it.
 */
export function expectedStream(bytes: Buffer, usageAsked: boolean): string {
  const frames = bytes.toString('utf8').match(/[\s\S]*?(?:\r?\n\r?\n|$)/g) ?? [];
  let kept = '';
  for (const frame of frames) {
    const data = [...frame.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line!.trim()).join('');
    if (data === '[DONE]') break;
    const chunk = data.startsWith('{') ? JSON.parse(data) : undefined;
    const onlyUsage = chunk?.choices?.length === 0 && typeof chunk.usage === 'object' && chunk.usage !== null;
    if (!onlyUsage || usageAsked) kept += closed(frame);
  }
  return `${kept}data: [DONE]\n\n`;
}

/** A frame with the blank line that ends it. */
export const closed = (frame: string): string =>
  frame === '' || /\n\r?\n$/.test(frame) ? frame : frame.endsWith('\n') ? `${frame}\n` : `${frame}\n\n`;

export const framesIn = (stream: string): string[] => stream.match(/[\s\S]*?\r?\n\r?\n/g) ?? [];

/**
 * Contract §4 promises reasoning as `reasoning_content`; vendors that call it `reasoning` get it copied there, beside their own.
 * Content that came in parts, thinking among them, becomes text and reasoning.
 * @returns `before` when `after` is just that, or the very same; else `after`
 */
export function lessPromisedReasoning(before: string | undefined, after: string): string {
  if (before === undefined || before === after) return after;
  const [was, is] = [before, after].map(text => JSON.parse(text.replace(/^data: ?/, '')));
  for (const choice of is.choices ?? []) {
    const piece = choice.delta ?? choice.message ?? {};
    const had = was.choices.find((other: any) => other.index === choice.index);
    const content = (had.delta ?? had.message)?.content;
    if (Array.isArray(content)) {
      expect([piece.content, piece.reasoning_content ?? '']).toEqual(textAndThinking(content));
      piece.content = content;
      delete piece.reasoning_content;
    }
    if ((had.delta ?? had.message)?.reasoning_content === undefined && piece.reasoning_content === piece.reasoning)
      delete piece.reasoning_content;
  }
  return isDeepStrictEqual(was, is) ? before : after;
}

/** Mistral's content in parts, as the contract has it: one text, and the thinking as reasoning. */
function textAndThinking(parts: readonly any[]): [string, string] {
  const text = parts.filter(part => part.type === 'text').map(part => part.text);
  const thinking = parts
    .filter(part => part.type === 'thinking')
    .flatMap(part => part.thinking.map((one: any) => one.text ?? ''));
  return [text.join(''), thinking.join('')];
}
