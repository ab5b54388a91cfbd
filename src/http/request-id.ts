import { randomFillSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { ulid } from 'ulid';

const pool = new Uint8Array(4096);
let used = pool.length;

/** Uniform in [0, 1) to 8 bits, which is more than the 5 that a ULID digit takes; one system call for 4,096 draws. */
function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool[used++]! / 256;
}

/** `req_lazu_<ULID>`: sorts by time and cannot be guessed. */
export function newRequestId(): string {
  return `req_lazu_${ulid(undefined, random)}`;
}

/**
 * Under our own name, and under the one that the vendors' SDKs show in their errors (`_request_id`).
 * @param vendors OpenAI's unless it says otherwise
 */
export const requestIdHeaders = (requestId: string, vendors = 'x-request-id'): Record<string, string> => ({
  'x-lazu-request-id': requestId,
  [vendors]: requestId,
});

export function nameRequest(response: ServerResponse, requestId: string, vendors?: string): void {
  for (const [name, value] of Object.entries(requestIdHeaders(requestId, vendors))) response.setHeader(name, value);
}
