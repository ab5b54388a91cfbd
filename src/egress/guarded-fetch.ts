import type { Dispatcher } from 'undici';
import { LazuError } from '../errors.js';
import { ByteBudget, type Hold } from './byte-budget.js';
import type { Cancel } from './cancel.js';
import { FetchErrors } from './fetch-errors.js';
import { fetchableUrl, FetchPolicy } from './fetch-policy.js';
import { guardedClient, type ConnectOptions } from './guarded-client.js';
import { mayBe, mediaTypeOf, namesOf, type PartKind } from './media-types.js';
import { readCapped } from './read-capped.js';
import { Refused } from './resolve-host.js';

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface PartRequest {
  /** As the caller wrote it. */
  readonly url: string;
  /** Where they wrote it: `messages.0.content.1.image_url.url`. Goes into every error. */
  readonly param: string;
  readonly accept: PartKind;
  readonly maxBytes: number;
  /** One per fetch: a Cancel has one listener. */
  readonly cancel: Cancel;
  /** What the bytes count against for as long as the request keeps them; without it, only while they are being fetched. */
  readonly hold?: Hold;
}

export interface FetchedPart {
  /** One of `namesOf(accept)`: header and magic bytes agree on it. */
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface GuardedFetchOptions extends ConnectOptions {
  /** Of one fetch, from the name server to the last byte. */
  readonly totalMs: number;
  /** All fetched parts of this process together. */
  readonly memoryBytes: number;
  /** How long a fetch waits for its share of that. */
  readonly memoryWaitMs: number;
}

const DEFAULTS: GuardedFetchOptions = {
  totalMs: 30_000,
  connectMs: 5_000,
  memoryBytes: 256 * 1024 * 1024,
  memoryWaitMs: 5_000,
};

interface Fetch {
  readonly request: PartRequest;
  readonly errors: FetchErrors;
  readonly signal: AbortSignal;
  readonly hold: Hold;
}

/** Fetches what URLs of callers point to, by the rules of docs/decisions/2026-11-22-caller-supplied-urls.md. */
export class GuardedFetch {
  readonly #policy: FetchPolicy;
  readonly #options: GuardedFetchOptions;
  readonly memory: ByteBudget;

  /** @param allow `FETCH_ALLOW`: host names, addresses and CIDRs that need not be public */
  constructor(allow: readonly string[], options: Partial<GuardedFetchOptions> = {}) {
    this.#policy = new FetchPolicy(allow);
    this.#options = { ...DEFAULTS, ...options };
    this.memory = new ByteBudget(this.#options.memoryBytes, this.#options.memoryWaitMs);
  }

  /**
   * @throws LazuError `invalid_value` with the caller's param, whatever is wrong with the URL; `service_unavailable` when there is no
   * memory for it in time; or what `cancel` was cancelled with
   */
  async fetchPart(request: PartRequest): Promise<FetchedPart> {
    const errors = new FetchErrors(request.param);
    const hold = request.hold ?? this.memory.open();
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(errors.unreachable(new Refused('out of time'))), this.#options.totalMs);
    request.cancel.listen(reason => stop.abort(reason));
    try {
      stop.signal.throwIfAborted();
      return await this.#follow({ request, errors, signal: stop.signal, hold });
    } catch (error) {
      stop.signal.throwIfAborted(); // whatever fell over because of it, the reason is the reason
      throw error instanceof LazuError ? error : errors.unreachable(error);
    } finally {
      clearTimeout(timer);
      if (!request.hold) hold.release();
    }
  }

  async #follow(fetch: Fetch): Promise<FetchedPart> {
    let url = fetchableUrl(fetch.request.url);
    if (!url) throw fetch.errors.notFetchable();
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const answer = await this.#get(url, fetch);
      if (!('location' in answer)) return answer;
      url = fetchableUrl(answer.location, url);
      if (!url) break;
    }
    throw fetch.errors.redirects(MAX_REDIRECTS);
  }

  async #get(url: URL, fetch: Fetch): Promise<FetchedPart | { location: string }> {
    fetch.signal.throwIfAborted();
    const client = guardedClient(url, this.#policy, this.#options);
    // Not undici's own `signal`: it is heard only once there is a connection.
    const stop = () => void client.destroy(fetch.signal.reason as Error);
    fetch.signal.addEventListener('abort', stop, { once: true });
    try {
      const response = await client.request({
        method: 'GET',
        path: url.pathname + url.search,
        headers: {
          accept: namesOf(fetch.request.accept).join(', '),
          'accept-encoding': 'identity',
          'user-agent': 'Lazu',
        },
      });
      response.body.on('error', () => undefined); // of a body that is not read: the client is destroyed below
      const location = header(response, 'location');
      if (REDIRECTS.has(response.statusCode) && location !== '') return { location };
      return await this.#read(response, fetch);
    } finally {
      fetch.signal.removeEventListener('abort', stop);
      void client.destroy();
    }
  }

  async #read(response: Dispatcher.ResponseData, { request, errors, hold, signal }: Fetch): Promise<FetchedPart> {
    if (response.statusCode !== 200) throw errors.status(response.statusCode);
    if (!['', 'identity'].includes(header(response, 'content-encoding').toLowerCase())) throw errors.compressed();
    const contentType = header(response, 'content-type');
    if (!mayBe(request.accept, contentType)) throw errors.wrongType(request.accept);
    const most = Math.min(request.maxBytes, this.memory.total);
    const length = header(response, 'content-length');
    const declared = length === '' ? undefined : Number(length);
    if (Number.isNaN(declared)) throw new Refused('content-length is no number'); // it would poison the budget
    if (declared !== undefined && declared > most) throw errors.tooLarge(most);
    const room = declared ?? most;
    let kept = 0;
    await hold.take(room, signal);
    try {
      const bytes = await readCapped(response.body as AsyncIterable<Uint8Array>, declared, most);
      if (!bytes) throw errors.tooLarge(most);
      const mediaType = mediaTypeOf(request.accept, contentType, bytes);
      if (mediaType === undefined) throw errors.wrongType(request.accept);
      kept = bytes.length;
      return { mediaType, bytes };
    } finally {
      hold.give(room - kept);
    }
  }
}

/** Repeated ones joined, which no rule accepts. Empty: not there. */
function header({ headers }: Dispatcher.ResponseData, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '').trim();
}
