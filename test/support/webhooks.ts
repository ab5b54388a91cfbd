import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SeenRequest } from './fake-upstream.js';

/** A receiver's side of Standard Webhooks. @throws when the request is not signed with this secret, now */
export function verified(secret: string, { headers, raw }: SeenRequest): { id: string; event: any } {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map(name => String(headers[`webhook-${name}`]));
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) throw new Error(`signed at ${timestamp}`);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(raw).digest();
  const isSigned = signatures!.split(' ').some(signature => {
    const [version, value = ''] = signature.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!isSigned) throw new Error(`not signed with this secret: ${signatures}`);
  return { id: id!, event: JSON.parse(raw.toString()) };
}
