import type { IncomingMessage, ServerResponse } from 'node:http';

const EXPOSED =
  'x-lazu-request-id, x-request-id, request-id, x-lazu-dropped-params, x-lazu-estimated, retry-after, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, ' +
  'x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens';

/**
 * Cross-origin headers by `CORS_ORIGINS` (exact origins, or `*`), for both mounts. No cookies are used, so credentials stay off.
 * @returns true when the request was a preflight and has been answered
 */
export function answerCors(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): boolean {
  const origin = request.headers.origin;
  if (origin === undefined || origins.length === 0) return false;
  const any = origins.includes('*');
  if (!any && !origins.includes(origin)) return false;
  response.setHeader('access-control-allow-origin', any ? '*' : origin);
  if (!any) response.setHeader('vary', 'Origin');
  response.setHeader('access-control-expose-headers', EXPOSED);
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  response.setHeader('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE');
  response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '*');
  response.setHeader('access-control-max-age', '600');
  response.writeHead(204).end();
  return true;
}
