import type { UpstreamRequest } from '../egress/reply.js';
import { LazuError } from '../errors.js';
import type { JsonObject, ModelPlace } from '../protocols/protocol.js';
import { isNeutral } from './neutral.js';
import type { Outgoing, Provider } from './provider.js';
import { unsupported } from './quirks.js';
import { USER_AGENT } from './user-agent.js';

export interface RequestOptions {
  /** False: this upstream has refused `stream_options` before, or the caller's answer is not a stream. */
  readonly askUsage: boolean;
  /** Caller's headers that may go upstream, by allow-list: `traceparent`, `tracestate`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Default: `body`. */
  readonly modelIn?: ModelPlace;
  /** Where `body` is only a skim of the bytes: gives the body as it is meant, for when it must be written anew. */
  readonly meant?: () => JsonObject;
}

export interface BuiltRequest {
  readonly request: UpstreamRequest;
  /** Fields that were left out or changed, for `X-Lazu-Dropped-Params`; each once. */
  readonly dropped: string[];
}

/** `{"stream_options":…,` goes right behind the first brace of a body that has no such field. */
const ASK_USAGE = Buffer.from('"stream_options":{"include_usage":true},');
const OPEN_BRACE = 0x7b;

/**
 * The request this provider gets for this body. The body is never changed: a retry, or another provider, starts from the same.
 * Where nothing must change the caller's own bytes go out; where only usage must be asked for they are spliced; otherwise one
 * shallow copy is serialised.
 * @param raw the bytes that `body` was parsed from; undefined: there are none yet
 * @throws LazuError `unsupported_parameter` with `param` for a field that the provider lacks and the answer would miss
 */
export function buildRequest(
  provider: Provider,
  outgoing: Outgoing,
  body: JsonObject,
  raw: Uint8Array | undefined,
  options: RequestOptions,
): BuiltRequest {
  const dropped = new Set<string>();
  const isChat = outgoing.protocol === 'openai-chat';
  const written = isChat
    ? writeChatBody(provider, outgoing, body, dropped)
    : writeNativeBody(provider, outgoing, body, options.modelIn);
  const mustAsk = isChat && outgoing.stream && options.askUsage && provider.streamUsage === 'ask';
  if (options.meant && mustBeWritten(written, body, mustAsk)) {
    return buildRequest(provider, outgoing, options.meant(), raw, { ...options, meant: undefined });
  }
  if (options.meant && raw && isAmbiguous(raw, options.modelIn)) {
    const meant = options.meant();
    return buildRequest(provider, outgoing, meant, Buffer.from(JSON.stringify(meant)), {
      ...options,
      meant: undefined,
    });
  }
  return { request: envelope(provider, outgoing, bytes(written, body, raw, mustAsk), options), dropped: [...dropped] };
}

/** A protocol other than OpenAI's chat is its vendor's own. @returns `body` itself when nothing had to change */
function writeNativeBody(
  provider: Provider,
  outgoing: Outgoing,
  body: JsonObject,
  modelIn: ModelPlace = 'body',
): JsonObject {
  const placed = modelIn === 'path' || body.model === outgoing.model ? body : { ...body, model: outgoing.model };
  // Never stored at the vendor: operators' credentials are shared by tenants (contract §4).
  const named = placed.store === true ? { ...placed, store: false } : placed;
  const adapted = provider.adaptNative?.({ ...named }, outgoing);
  return adapted && differs(named, adapted) ? adapted : named;
}

/** @returns `body` itself when nothing had to change */
function writeChatBody(provider: Provider, outgoing: Outgoing, body: JsonObject, dropped: Set<string>): JsonObject {
  let copy: JsonObject | undefined;
  const edit = (): JsonObject => (copy ??= { ...body });
  for (const field of provider.refuses) {
    if (!Object.hasOwn(body, field)) continue;
    if (!isNeutral(field, body[field])) throw unsupported(provider.title, field);
    delete edit()[field];
  }
  for (const field of provider.drops) {
    if (!Object.hasOwn(body, field)) continue;
    if (!isNeutral(field, body[field])) dropped.add(field);
    delete edit()[field];
  }
  for (const field of Object.keys(provider.clamps)) {
    const [min, max] = provider.clamps[field] ?? [-Infinity, Infinity];
    const value = body[field];
    if (typeof value !== 'number' || (value >= min && value <= max)) continue;
    edit()[field] = Math.min(Math.max(value, min), max);
    dropped.add(field);
  }
  for (const field of Object.keys(provider.renames)) {
    const name = provider.renames[field];
    const from = copy ?? body;
    if (name === undefined || !Object.hasOwn(from, field)) continue;
    const value = from[field];
    delete edit()[field];
    if (value !== null) edit()[name] = value;
  }
  // Never stored at the vendor: operators' credentials are shared by tenants (contract §4).
  if ((copy ?? body).store === true) {
    edit().store = false;
    dropped.add('store');
  }
  // Above its most, the vendor is asked for one answer, as many times as the caller wants answers.
  const n = (copy ?? body).n;
  if (typeof n === 'number' && n > provider.maxN) edit().n = 1;
  if (provider.adapt) {
    const before = copy ?? body;
    const after = provider.adapt({ ...before }, outgoing, field => void dropped.add(field));
    if (differs(before, after)) copy = after;
  }
  if ((copy ?? body).model !== outgoing.model) edit().model = outgoing.model;
  return copy ?? body;
}

/** Names of what was checked, and how letters of theirs are spelled as escapes. */
const THAT_MATTER: Readonly<
  Record<ModelPlace, { readonly names: readonly Buffer[]; readonly escapes: readonly Buffer[] }>
> = {
  body: { names: ['"model"', '"store"'].map(name => Buffer.from(name)), escapes: [Buffer.from('\\u006')] },
  path: {
    names: ['"store"', '"cachedContent"', '"cached_content"'].map(name => Buffer.from(name)),
    escapes: [Buffer.from('\\u006'), Buffer.from('\\u007')],
  },
};

/**
 * Of two fields with one name JSON.parse takes the last, other parsers the first: what was checked and priced here must be what the
 * upstream reads. https://www.rfc-editor.org/rfc/rfc8259#section-4
 */
function isAmbiguous(raw: Uint8Array, modelIn: ModelPlace = 'body'): boolean {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const { names, escapes } = THAT_MATTER[modelIn];
  if (escapes.some(escape => bytes.includes(escape))) return true;
  return names.some(name => {
    const first = bytes.indexOf(name);
    return first >= 0 && bytes.includes(name, first + name.length);
  });
}

/** Neither the caller's own bytes nor a splice will do. */
function mustBeWritten(written: JsonObject, body: JsonObject, mustAsk: boolean): boolean {
  if (written !== body) return true;
  if (!mustAsk || asksUsage(body)) return false;
  return Object.hasOwn(body, 'stream_options') || Object.keys(body).length === 0;
}

const asksUsage = ({ stream_options: options }: JsonObject): boolean =>
  (options as JsonObject | null | undefined)?.include_usage === true;

function bytes(written: JsonObject, body: JsonObject, raw: Uint8Array | undefined, mustAsk: boolean): Uint8Array {
  const add = mustAsk && !asksUsage(written);
  if (!raw || mustBeWritten(written, body, mustAsk)) {
    const asking = { stream_options: { ...(written.stream_options as JsonObject | null), include_usage: true } };
    return Buffer.from(JSON.stringify(add ? { ...written, ...asking } : written));
  }
  if (!add) return raw;
  const behindBrace = raw.indexOf(OPEN_BRACE) + 1;
  return Buffer.concat([raw.subarray(0, behindBrace), ASK_USAGE, raw.subarray(behindBrace)]);
}

function envelope(
  provider: Provider,
  outgoing: Outgoing,
  body: Uint8Array,
  { headers }: RequestOptions,
): UpstreamRequest {
  const base = outgoing.channel.baseUrl ?? provider.baseUrlFor?.(outgoing.channel) ?? provider.baseUrl;
  if (base === undefined) {
    const message = `Channel ${outgoing.channel.id} needs a base_url; set it on the channel.`;
    throw new LazuError('upstream_unavailable', message, { retryable: true });
  }
  return {
    method: 'POST',
    url: parsedUrl(base.replace(/\/+$/, '') + (provider.path?.(outgoing) ?? '/chat/completions')),
    headers: {
      ...headers,
      accept: outgoing.stream ? 'text/event-stream' : 'application/json',
      'content-type': 'application/json',
      'user-agent': USER_AGENT,
      ...(provider.authorize?.(outgoing) ?? bearer(outgoing)),
    },
    body,
  };
}

/** Channels are few and requests many: parsing the same URL for each would show in a profile. */
const urls = new Map<string, URL>();
const MOST_URLS = 1_000;

function parsedUrl(text: string): URL {
  let url = urls.get(text);
  if (!url) {
    if (urls.size >= MOST_URLS) urls.clear();
    urls.set(text, (url = new URL(text)));
  }
  return url;
}

/** The default: what most vendors took over from OpenAI. A channel without a credential sends no header. */
function bearer({ channel }: Outgoing): Record<string, string> {
  return typeof channel.credential === 'string' ? { authorization: `Bearer ${channel.credential}` } : {};
}

function differs(before: JsonObject, after: JsonObject): boolean {
  const fields = Object.keys(after);
  return (
    fields.length !== Object.keys(before).length ||
    fields.some(field => !Object.hasOwn(before, field) || after[field] !== before[field])
  );
}
