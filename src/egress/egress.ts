import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { Observable, type Subscriber } from 'rxjs';
import { Agent, type Dispatcher } from 'undici';
import { Config } from '../config.js';
import { LazuError } from '../errors.js';
import type { Cancel } from './cancel.js';
import type { Flow } from './flow.js';
import type { Reply, UpstreamRequest } from './reply.js';

/** The one place where connections leave: a pool per origin, as many sockets as there are streams, deadlines on every phase. */
@Injectable()
export class Egress implements OnApplicationShutdown {
  readonly #agent: Agent;

  constructor(@Inject(Config) config: Config) {
    this.#agent = new Agent({
      connect: { timeout: config.connectTimeoutMs },
      headersTimeout: config.firstByteTimeoutMs,
      bodyTimeout: config.idleTimeoutMs,
      keepAliveTimeout: 30_000,
      maxHeaderSize: 64 * 1024,
    });
  }

  /**
   * Send, and resolve with the head as soon as it is there.
   * @throws LazuError `upstream_timeout`, `upstream_unavailable` (could not connect) or `upstream_error` (cut), all retryable; or what
   * `cancel` was cancelled with
   */
  send(request: UpstreamRequest, flow: Flow, cancel: Cancel): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#agent.dispatch(
        {
          origin: request.url.origin,
          path: request.url.pathname + request.url.search,
          method: request.method,
          headers: request.headers,
          body: request.body,
        },
        new ReplyReader(resolve, reject, flow, cancel),
      );
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#agent.destroy();
  }
}

/**
 * undici's cheapest interface: events in, a Reply out. One read of the socket can hold a hundred chunks of a stream; they are handed
 * on as one, when the read has been parsed and before anything else runs, so that all that follows is paid for once.
 */
class ReplyReader implements Dispatcher.DispatchHandler {
  #gathered: Uint8Array[] = [];
  #flushing = false;
  #out: Subscriber<Uint8Array> | undefined;
  #ended = false;
  #error: LazuError | undefined;
  #started = false;

  constructor(
    private readonly resolve: (reply: Reply) => void,
    private readonly reject: (error: Error) => void,
    private readonly flow: Flow,
    private readonly cancel: Cancel,
  ) {}

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.cancel.listen(reason => controller.abort(reason));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return; // 100, 103: the real head is still to come
    this.#started = true;
    this.flow.drive(controller);
    this.resolve({ status, headers: joinRepeated(headers), bytes$: this.#bytes(controller) });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#gathered.push(chunk);
    if (this.#flushing || !this.#out) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#error = networkError(error, this.#started);
    this.#ended = true;
    if (this.#started) this.#finish();
    else this.reject(this.#error);
  }

  #bytes(controller: Dispatcher.DispatchController): Observable<Uint8Array> {
    return new Observable(out => {
      this.#out = out;
      this.#flush();
      if (this.#ended) this.#finish();
      return () => {
        if (!this.#ended) controller.abort(new LazuError('upstream_error', 'Nobody reads this answer any more.'));
      };
    });
  }

  #flush(): void {
    const chunks = this.#gathered;
    const [first] = chunks;
    if (!first || !this.#out) return;
    this.#gathered = [];
    this.#out.next(chunks.length === 1 ? first : Buffer.concat(chunks));
  }

  #finish(): void {
    if (!this.#out) return;
    this.#flush();
    if (this.#error) this.#out.error(this.#error);
    else this.#out.complete();
  }
}

function joinRepeated(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNABORTED']);

/** The cause of failures that came before the upstream said anything: the same channel may be worth another try. */
export class Unanswered extends Error {}

/** The caller learns what kind of failure it was, never an address. */
function networkError(error: Error & { code?: string }, started: boolean): LazuError {
  if (error instanceof LazuError) return error;
  const cause = started ? error : new Unanswered(error.message, { cause: error });
  const options = { retryable: true, cause };
  const code = error.code ?? '';
  if (TIMEOUTS.has(code)) {
    const what = started ? 'fell silent in the middle of its answer' : 'did not answer in time';
    return new LazuError('upstream_timeout', `The model provider ${what}. Please try again.`, options);
  }
  if (UNREACHABLE.has(code)) {
    return new LazuError('upstream_unavailable', 'The model provider cannot be reached right now.', options);
  }
  const what = started ? 'broke off its answer' : 'closed the connection without an answer';
  return new LazuError('upstream_error', `The model provider ${what}. Please try again.`, options);
}
