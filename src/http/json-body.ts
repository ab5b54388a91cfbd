import type { NextFunction, Request, Response } from 'express';
import { expectJson, parseJsonObject, readBody } from './read-body.js';

/** Bytes of a management body. */
const LIMIT = 1024 * 1024;

/**
 * Bodies of what goes through Express, read as those of the inference mount are. Nest's own parser answers a body that is too large
 * only when its sender has come to the end: https://github.com/expressjs/body-parser/blob/master/lib/read.js
 */
export function jsonBody(request: Request, _response: Response, next: NextFunction): void {
  const { headers } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody) return next();
  expectJson(headers['content-type']);
  readBody(request, LIMIT)
    .then(raw => {
      request.lazuBody = raw;
      request.body = parseJsonObject(raw).body();
      next();
    })
    .catch(next);
}
