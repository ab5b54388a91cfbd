import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LazuError } from '../errors.js';
import { writeError } from '../protocols/openai-chat/write-error.js';
import { newRequestId } from './request-id.js';

/** The response under way on a connection: https://github.com/nodejs/node/blob/v20.x/lib/_http_server.js (socketOnError) */
type Connection = Socket & { _httpMessage?: ServerResponse | null };

/**
 * What Node's parser refuses never becomes a request; it is answered here in the envelope that every other error has, and the
 * connection is closed. Behind an answer that has begun nothing can be said.
 */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Connection): void {
  const underWay = socket._httpMessage;
  if (!socket.writable || error.code === 'ECONNRESET' || underWay?.headersSent) {
    socket.destroy();
    return;
  }
  const { status, reason, told } = whatIsWrong(error.code, underWay !== undefined && underWay !== null);
  const requestId = newRequestId();
  const body = JSON.stringify(writeError(told, requestId).body);
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nx-lazu-request-id: ${requestId}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

/** @param inBody a request was under way, so it is its body that is broken */
function whatIsWrong(code: string | undefined, inBody: boolean): { status: number; reason: string; told: LazuError } {
  const say = (status: number, reason: string, message: string) => ({
    status,
    reason,
    told: new LazuError(inBody ? 'bad_request_body' : 'invalid_request', message, { status }),
  });
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return say(431, 'Request Header Fields Too Large', 'The request headers are larger than 32 KB.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return say(408, 'Request Timeout', 'The request did not arrive in time.');
    default:
      return say(400, 'Bad Request', 'The request is not valid HTTP.');
  }
}
