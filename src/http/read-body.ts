import { isAscii, isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { LazuError } from '../errors.js';
import type { JsonObject } from '../protocols/protocol.js';

const tooLarge = (limit: number) =>
  new LazuError('payload_too_large', `The request body is larger than ${limit} bytes, the limit of this endpoint.`);

const brokenOff = () => new LazuError('bad_request_body', 'The request body broke off before its end.');

/**
 * Read a body once, whole, as bytes.
 * @param limit bytes; beyond it reading stops at once
 * @throws LazuError `payload_too_large`, `unsupported_media_type` (compressed), `bad_request_body` (cut off)
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    const message = 'Compressed request bodies are not supported; send the JSON as it is.';
    return Promise.reject(new LazuError('unsupported_media_type', message));
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    // Nothing more would come from a request that was cut off while its key was looked up.
    if (request.destroyed) return reject(brokenOff());
    const chunks: Buffer[] = [];
    let size = 0;
    let read = false;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.removeAllListeners('data').pause();
        reject(tooLarge(limit));
      } else chunks.push(chunk);
    });
    request.on('end', () => {
      read = true;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
    });
    const cut = () => {
      if (!read) reject(brokenOff());
    };
    request.on('error', cut);
    request.on('close', cut);
    if (request.destroyed) cut(); // while the key was looked up; its `close` has been and gone
  });
}

/** @throws LazuError `unsupported_media_type` when the body says it is something other than JSON */
export function expectJson(contentType: string | undefined): void {
  if (isJson(contentType)) return;
  throw new LazuError(
    'unsupported_media_type',
    'Send the body as JSON with the header `content-type: application/json`.',
  );
}

/** A body that does not say what it is counts as JSON. */
export function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === 'application/json') return true;
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType);
}

/** A JSON object in the two forms that dispatch needs. */
export interface ParsedBody {
  /**
   * The same structure, but text beyond ASCII may read as its UTF-8 bytes, a character each (`é` as `Ã©`): good for structure, numbers,
   * field names and the model, at half the cost. `body` itself where there is no such text.
   */
  readonly skim: JsonObject;
  /** The body as it is meant; parsed when first asked for. */
  readonly body: () => JsonObject;
}

/**
 * Decoding UTF-8 costs more than parsing it, once one character is beyond ASCII, and a request that goes upstream as the bytes it came
 * in needs no text. JSON's structure is ASCII, so bytes read as Latin-1 parse to the same structure.
 * @throws LazuError `bad_request_body` when it is not JSON, `invalid_request` when it is not an object
 */
export function parseJsonObject(raw: Buffer): ParsedBody {
  if (raw.length < SKIM_FROM || isAscii(raw)) {
    const body = parse(raw.length < SKIM_FROM ? raw.toString('utf8') : raw.toString('latin1'));
    return { skim: body, body: () => body };
  }
  if (!isUtf8(raw)) throw new LazuError('bad_request_body', 'The request body is not valid UTF-8.');
  const skim = parse(raw.toString('latin1'));
  let decoded: JsonObject | undefined;
  const body = () => (decoded ??= parse(raw.toString('utf8')));
  const { model } = skim;
  return { skim: typeof model === 'string' && !isAscii(Buffer.from(model)) ? body() : skim, body };
}

/** Bytes; below it the simple way is as fast. */
const SKIM_FROM = 8 * 1024;

function parse(text: string): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new LazuError('bad_request_body', `The request body is not valid JSON: ${whatIsWrong(error)}.`);
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as JsonObject;
  throw new LazuError('invalid_request', 'The request body must be a JSON object.');
}

/** V8's message quotes the body; only where it went wrong is told, since the text is the caller's secret. */
function whatIsWrong(error: unknown): string {
  const position = /at position \d+/.exec(error instanceof Error ? error.message : '')?.[0];
  return position ? `unexpected text ${position}` : 'it ends too early or holds unexpected text';
}
