import type { NextFunction, Request, Response } from 'express';
import type { ClientIp } from './client-ip.js';
import { answerCors } from './cors.js';
import { type Draining, refuseWhenDraining } from './draining.js';
import { cutQueryKey } from './query-key.js';
import { nameRequest, newRequestId } from './request-id.js';

declare module 'node:http' {
  interface IncomingMessage {
    /** The key that came as `?key=`, already cut out of the URL. */
    lazuQueryKey?: string;
    /** The caller's address by `TRUST_PROXY`. */
    lazuIp?: string;
    /** The body as it came, where it was JSON: what signatures are of. */
    lazuBody?: Buffer;
  }
}

/** What balancers ask of a host that is going away. */
const ASKED_WHILE_DRAINING = new Set(['/healthz', '/readyz', '/metrics']);

/** What the inference mount does for its routes, for those that go through Express: id, key out of the URL, address, CORS. */
export function expressFront(ipOf: ClientIp, corsOrigins: readonly string[], draining: Draining) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { url, key } = cutQueryKey(request.url);
    request.url = request.originalUrl = url;
    if (key !== undefined) request.lazuQueryKey = key;
    request.lazuIp = ipOf(request);
    nameRequest(response, newRequestId());
    if (answerCors(request, response, corsOrigins)) return;
    if (draining.started && !ASKED_WHILE_DRAINING.has(request.path)) next(refuseWhenDraining(response));
    else next();
  };
}
