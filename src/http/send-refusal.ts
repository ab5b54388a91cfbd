import type { ServerResponse } from 'node:http';
import type { LazuError } from '../errors.js';

/** How long a caller that is refused may go on sending, milliseconds; what it sends is thrown away. */
const LINGER_MS = 500;

/**
 * The whole response of a refused request. Where its body was not read to the end the connection is closed, since the rest would be
 * taken for the next request, but not at once: bytes that arrive at a closed socket make the system reset the connection, and a
 * caller that is still sending would never see the answer (RFC 9112, §9.6: https://www.rfc-editor.org/rfc/rfc9112#section-9.6).
 */
export function sendRefusal(response: ServerResponse, error: LazuError, envelope: object): void {
  const body = Buffer.from(JSON.stringify(envelope));
  const request = response.req;
  const lingers = !request.complete;
  if (lingers) response.setHeader('connection', 'close');
  if (error.retryAfter !== undefined) response.setHeader('retry-after', String(error.retryAfter));
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  response.writeHead(error.status, { 'content-type': 'application/json', 'content-length': body.length });
  if (!lingers) {
    response.end(body);
    return;
  }
  response.write(body);
  const over = (): void => {
    clearTimeout(patience);
    response.end();
  };
  const patience = setTimeout(over, LINGER_MS);
  request.once('end', over).once('close', over).resume();
}
