import type { Reply } from '../egress/reply.js';
import { LazuError } from '../errors.js';
import { collect } from './collect.js';

/** Bytes of an upstream's error body that are read. */
const ERROR_BODY_LIMIT = 64 * 1024;

/** Rides along as the cause of an error, so that the trail can say what the upstream answered. */
export class UpstreamStatus extends Error {
  constructor(
    readonly status: number,
    readonly requestId: string | null,
    cause: unknown,
  ) {
    super(`upstream status ${status}`, { cause });
  }
}

const requestIdOf = ({ headers }: Reply): string | null => headers['x-request-id'] ?? headers['request-id'] ?? null;

export const seen = (reply: Reply) => ({ status: reply.status, requestId: requestIdOf(reply) });

export const errorText = async (reply: Reply): Promise<string> =>
  (await collect(reply.bytes$, ERROR_BODY_LIMIT)).toString('utf8');

/** The same error, with what the upstream answered as its cause. */
export function told(error: LazuError, reply: Reply): LazuError {
  const { status, requestId } = seen(reply);
  const { param, retryable, retryAfter } = error;
  return new LazuError(error.code, error.message, {
    param,
    retryable,
    retryAfter,
    cause: new UpstreamStatus(status, requestId, error.cause),
  });
}
