import { EventStreamCodec, type Message } from '@smithy/core/event-streams';
import { Observable } from 'rxjs';
import { LazuError } from '../../errors.js';
import type { JsonObject } from '../../protocols/protocol.js';
import { MessageSplitter } from './messages.js';

const utf8 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
const codec = new EventStreamCodec(utf8, text => Buffer.from(text));

/** What an exception is called where a stream speaks Anthropic's protocol: https://platform.claude.com/docs/en/api/errors */
const ANTHROPIC_TYPES: Readonly<Record<string, string>> = {
  validationException: 'invalid_request_error',
  throttlingException: 'rate_limit_error',
  modelTimeoutException: 'timeout_error',
  serviceUnavailableException: 'overloaded_error',
};

/**
 * AWS's event stream as server-sent events; checksums are checked, and what all complete messages of one chunk say leaves in one piece.
 * An event of Converse becomes `{"<name>": <payload>}`, a chunk of `invoke-with-response-stream` the event inside it.
 * @returns errors with LazuError `upstream_error` for bytes that were damaged, or that end in the middle of a message
 */
export function unframe(bytes$: Observable<Uint8Array>): Observable<Uint8Array> {
  return new Observable(out => {
    const splitter = new MessageSplitter();
    return bytes$.subscribe({
      next: chunk => {
        const frames: string[] = [];
        let damage: unknown;
        try {
          for (const message of splitter.push(chunk)) frames.push(frameOf(codec.decode(message)));
        } catch (error) {
          damage = error;
        }
        const text = frames.join('');
        if (text !== '') out.next(Buffer.from(text));
        if (damage !== undefined) out.error(unreadable(damage));
      },
      error: (error: unknown) => out.error(error),
      complete: () => {
        if (splitter.rest > 0) out.error(unreadable(new Error(`${splitter.rest} bytes of a message are left`)));
        else out.complete();
      },
    });
  });
}

/** One message; those of kinds that are still to be invented say nothing. */
function frameOf({ headers, body }: Message): string {
  const header = (name: string): string => String(headers[name]?.value ?? '');
  switch (header(':message-type')) {
    case 'event': {
      const name = header(':event-type');
      return name === 'chunk' ? inner(utf8(body)) : event(name, `{${JSON.stringify(name)}:${oneLine(utf8(body))}}`);
    }
    case 'exception':
      return failure(header(':exception-type'), messageIn(utf8(body)));
    case 'error':
      return failure(header(':error-code'), header(':error-message'));
    default:
      return '';
  }
}

/** `{"bytes": "<base64 of an event>"}`: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PayloadPart.html */
function inner(payload: string): string {
  const { bytes } = JSON.parse(payload) as { bytes?: string };
  const json = Buffer.from(bytes ?? '', 'base64').toString('utf8');
  const { type } = JSON.parse(json) as { type?: unknown };
  return event(typeof type === 'string' ? type : 'chunk', oneLine(json));
}

/** In the words of both protocols, as an exception may be all that a stream says: each reader looks for its own. */
function failure(name: string, message: string): string {
  const exception = /exception$/i.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : 'internalServerException';
  const error = { type: ANTHROPIC_TYPES[exception] ?? 'api_error', message };
  return event('error', JSON.stringify({ type: 'error', error, [exception]: { message } }));
}

const event = (name: string, data: string): string => `event: ${name}\ndata: ${data}\n\n`;

/** Payloads are JSON without line breaks, or are made so. */
const oneLine = (json: string): string => (/[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json)) : json);

function messageIn(payload: string): string {
  try {
    const { message, Message: Said } = JSON.parse(payload) as JsonObject;
    return typeof message === 'string' ? message : typeof Said === 'string' ? Said : '';
  } catch {
    return '';
  }
}

const unreadable = (cause: unknown): LazuError =>
  new LazuError('upstream_error', 'The model provider sent an answer that cannot be read.', { retryable: true, cause });
