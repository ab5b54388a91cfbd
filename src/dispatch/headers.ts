import type { Standing } from '../limits/limit-store.js';

type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Request headers that go upstream; all others stay here. W3C trace context: https://www.w3.org/TR/trace-context/ */
const FORWARDED = ['traceparent', 'tracestate'] as const;

/** Response headers that come back; an upstream's own `x-ratelimit-*` never does. */
const RETURNED = ['openai-processing-ms', 'openai-version', 'openai-model'] as const;

export function forwardedHeaders(headers: IncomingHeaders): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = headers[name];
    if (typeof value === 'string') forwarded[name] = value;
  }
  return forwarded;
}

export function returnedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const returned: Record<string, string> = {};
  for (const name of RETURNED) {
    const value = headers[name];
    if (value !== undefined) returned[name] = value;
  }
  return returned;
}

/** `x-ratelimit-*` as OpenAI sends them; durations read `1s`, `6m0s`: https://platform.openai.com/docs/guides/rate-limits */
export function limitHeaders(standing: Standing | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (!standing) return headers;
  const set = (name: string, value: string | number | undefined) => {
    if (value !== undefined) headers[`x-ratelimit-${name}`] = String(value);
  };
  set('limit-requests', standing.limitRequests);
  set('remaining-requests', standing.remainingRequests);
  set('reset-requests', duration(standing.resetRequestsMs));
  set('limit-tokens', standing.limitTokens);
  set('remaining-tokens', standing.remainingTokens);
  set('reset-tokens', duration(standing.resetTokensMs));
  return headers;
}

function duration(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  return `${Math.ceil(ms / 1000)}s`;
}
