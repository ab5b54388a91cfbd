import type { Standing } from '../limits/limit-store.js';
import type { Upstream } from '../protocols/protocol.js';

type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Request headers that go upstream; all others stay here. W3C trace context: https://www.w3.org/TR/trace-context/ */
const FORWARDED = ['traceparent', 'tracestate'] as const;

/** Response headers that come back; an upstream's own `x-ratelimit-*` never does. */
const RETURNED = ['openai-processing-ms', 'openai-version', 'openai-model'] as const;

/** @param own headers of the protocol that both ends speak: what of a caller's value goes upstream */
export function forwardedHeaders(
  headers: IncomingHeaders,
  own: Upstream['requestHeaders'] = {},
): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = headers[name];
    if (typeof value === 'string') forwarded[name] = value;
  }
  for (const name of Object.keys(own)) {
    const value = headers[name];
    const permitted = typeof value === 'string' ? own[name]?.(value) : undefined;
    if (permitted !== undefined) forwarded[name] = permitted;
  }
  return forwarded;
}

/** Node refuses to send such a value, when the answer has been paid for: https://nodejs.org/api/http.html#httpvalidateheadervaluename-value-label */
const UNSENDABLE = /[^\t\x20-\x7e]/;
const DROPPED_NAME = /^[\w.$-]{1,64}$/;
/** Names in `X-Lazu-Dropped-Params` at most. */
const MOST_DROPPED = 32;

/** @param dropped fields that the provider lacks; those with a name that no header takes are told as `messages.*` or `*` */
export function returnedHeaders(
  headers: Readonly<Record<string, string>>,
  dropped: readonly string[],
): Record<string, string> {
  const returned: Record<string, string> = {};
  for (const name of RETURNED) {
    const value = headers[name];
    if (value !== undefined && !UNSENDABLE.test(value)) returned[name] = value;
  }
  if (dropped.length > 0) {
    const names = dropped.map(name =>
      DROPPED_NAME.test(name) ? name : name.startsWith('messages.') ? 'messages.*' : '*',
    );
    returned['x-lazu-dropped-params'] = [...new Set(names)].slice(0, MOST_DROPPED).join(', ');
  }
  return returned;
}

/**
 * `x-ratelimit-*` as OpenAI sends them; durations read `350ms`, `1s`, `1m0s`: https://platform.openai.com/docs/guides/rate-limits. Names are
 * spelled out: putting them together for every request costs more than the figures do.
 */
export function limitHeaders(standing: Standing | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (standing?.limitRequests !== undefined) {
    headers['x-ratelimit-limit-requests'] = String(standing.limitRequests);
    headers['x-ratelimit-remaining-requests'] = String(standing.remainingRequests);
    headers['x-ratelimit-reset-requests'] = duration(standing.resetRequestsMs ?? 0);
  }
  if (standing?.limitTokens !== undefined) {
    headers['x-ratelimit-limit-tokens'] = String(standing.limitTokens);
    headers['x-ratelimit-remaining-tokens'] = String(standing.remainingTokens);
    headers['x-ratelimit-reset-tokens'] = duration(standing.resetTokensMs ?? 0);
  }
  return headers;
}

function duration(ms: number): string {
  if (Math.ceil(ms) < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
