import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** 24 to 64 by the standard. */
const SECRET_BYTES = 32;

/** A new signing secret, as receivers' libraries take it. */
export function mintSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/**
 * The three headers of Standard Webhooks, symmetric scheme `v1`:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @param at when this attempt is made, ms since 1970: receivers refuse what is older than some minutes
 */
export function signedHeaders(secret: string, event: { id: string; body: string }, at: number): Record<string, string> {
  const seconds = Math.floor(at / 1000);
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${event.id}.${seconds}.${event.body}`).digest('base64');
  return { 'webhook-id': event.id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
}
