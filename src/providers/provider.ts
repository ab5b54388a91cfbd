import type { Observable } from 'rxjs';
import type { Flow } from '../egress/flow.js';
import type { Reply, UpstreamRequest } from '../egress/reply.js';
import type { ForeignUpstream, JsonObject, ModelTraits, ProtocolName, Upstream } from '../protocols/protocol.js';
import type { Usage } from '../protocols/usage.js';

/** What a provider may know about one request. Never the caller's identity. */
export interface Outgoing {
  readonly protocol: ProtocolName;
  /** Which of the provider's paths. */
  readonly endpoint: 'chat' | 'count-tokens';
  /** The name this channel knows the model by. */
  readonly model: string;
  readonly stream: boolean;
  readonly channel: {
    readonly id: string;
    readonly baseUrl: string | undefined;
    readonly credential: string | Readonly<Record<string, string>> | undefined;
    readonly options: Readonly<Record<string, unknown>>;
  };
}

/** Which environment variables make a channel by themselves (contract §16). */
export interface EnvironmentChannel {
  /** All of these set → one channel. The first is the credential unless `credential` builds one. */
  readonly variables: readonly string[];
  /** Further names that a variable may have: taken where it is not set. */
  readonly insteadOf?: Readonly<Record<string, string>>;
  /** Further variables whose values are handed over where they are set. */
  readonly optional?: readonly string[];
  /** Variable that overrides the base URL, as in the vendor's own SDK. */
  readonly baseUrlVariable?: string;
  credential?(values: Readonly<Record<string, string>>): string | Record<string, string> | undefined;
  baseUrl?(values: Readonly<Record<string, string>>): string;
  /** A first party serves its vendors' whole catalog; a host serves the models it maps: catalog name → its own name. */
  readonly serves: Served | ((values: Readonly<Record<string, string>>) => Served);
  /** First parties 0, hosts 10: lower is tried first. */
  readonly priority: number;
}

export type Served = { readonly vendors: readonly string[] } | { readonly models: Readonly<Record<string, string>> };

/**
 * Who serves a model: an endpoint that speaks a protocol. A value, not a class: a folder in `providers/`, 20–60 lines, one line in
 * `index.ts`. All data lists carry a link to the vendor's page.
 */
export interface Provider {
  readonly name: string;
  /** Shown to operators. */
  readonly title: string;
  /** All that it speaks, what callers of other protocols are best translated to first. A channel's `options.protocol` picks one. */
  readonly protocols: readonly ProtocolName[];
  /** Those of `protocols` that this model can be spoken to in, in order of preference. Default: all. */
  protocolsFor?(model: string, channel: Outgoing['channel']): readonly ProtocolName[];
  /**
   * The model speaks the caller's protocol but refuses this request in it, which it takes in the first of `protocolsFor`.
   * @param body as the caller wrote it
   */
  mustTranslate?(model: string, from: ProtocolName, body: JsonObject): boolean;
  /** Undefined: the channel must bring its own. */
  readonly baseUrl: string | undefined;
  /** Where the credential or an option says where it is: the base URL of a channel that brings none. */
  baseUrlFor?(channel: Outgoing['channel']): string;
  /** Of several, the first whose variables are set makes the channel. */
  readonly environment?: EnvironmentChannel | readonly EnvironmentChannel[];
  /** Path and query of the endpoint under the base URL, which has no trailing slash. Default for chat: `/chat/completions`. */
  path?(outgoing: Outgoing): string;
  /** Authentication headers for this channel. Default: `authorization: Bearer <credential>`. */
  authorize?(outgoing: Outgoing): Record<string, string>;
  /**
   * Authentication that needs the whole request, or time: a signature, a token that must be fetched. Runs last, for every attempt.
   * @throws LazuError
   */
  sign?(request: UpstreamRequest, outgoing: Outgoing): UpstreamRequest | Promise<UpstreamRequest>;
  /**
   * Whether a credential or option of a channel is usable, checked when an admin saves it: a sentence that says what to do, or
   * undefined when it is.
   */
  checkChannel?(channel: Outgoing['channel']): string | undefined;
  /**
   * Up to `maxN` this is about bodies of `openai-chat`, which every vendor changes a little; other protocols are their vendors' own.
   * Top-level fields whose absence would change the meaning: refused with 400 `unsupported_parameter`. */
  readonly refuses: readonly string[];
  /** Hints that the provider lacks: dropped and named in `X-Lazu-Dropped-Params`. */
  readonly drops: readonly string[];
  /** Numbers above the provider's bound but inside OpenAI's are clamped and named. */
  readonly clamps: Readonly<Record<string, readonly [min: number, max: number]>>;
  /** Field renames where a vendor spells a standard field in another way (`max_completion_tokens` → `max_tokens`). */
  readonly renames: Readonly<Record<string, string>>;
  /**
   * Body fix-ups that no list can say (what depends on the model, schema strictness …). Pure; gets a shallow copy whose top level
   * it may change; what lies deeper it replaces. `body.model` is still what the caller wrote, `outgoing.model` what is called.
   * `drop` names a field in `X-Lazu-Dropped-Params`.
   */
  adapt?(body: JsonObject, outgoing: Outgoing, drop: (field: string) => void): JsonObject;
  /** The same for bodies of every other protocol: what is asked of a vendor's protocol at a host of another vendor. */
  adaptNative?(body: JsonObject, outgoing: Outgoing): JsonObject;
  /** URLs that this host does not fetch although vendors of its protocols do. */
  mustInline?: ForeignUpstream['mustInline'];
  /** Refusals where they are the host's own, and not its protocols'. */
  readError?: Upstream['readError'];
  /** Protocols whose own endpoint for counting tokens it has; `path` is asked for `count-tokens` then. Others are estimated. */
  readonly countsTokens?: readonly ProtocolName[];
  /** `ask`: `stream_options.include_usage` must be set; `always`: reported unasked; `none`: never reported. */
  readonly streamUsage: 'ask' | 'always' | 'none';
  /** Most answers per call; above it `dispatch` fans out. */
  readonly maxN: number;
  /** A service tier that a caller asks for runs at its own price: it must have one. Elsewhere it is ignored, dropped, or costs the same. */
  readonly billsByServiceTier?: true;
  /** Billing goes on after a disconnect: drain instead of aborting, up to 30 s. */
  readonly billsAfterDisconnect?: boolean;
  /** What a model can do, where models of a protocol that is translated differ; by the name that is called. */
  modelTraits(model: string): Omit<ModelTraits, 'maxOutputTokens'>;
  /** Usage fields that this provider spells in its own way; gets the raw usage object and the protocol's reading of it. */
  readUsage?(raw: Readonly<Record<string, unknown>>, usage: Usage): Usage;
  /** The answer's `model` is a private deployment name: callers see the requested one (contract §3). */
  readonly privateModelNames?: boolean;
  /** Where reasoning text stands, if not in `reasoning_content`: callers get it there too (contract §4). */
  readonly reasoningField?: string;
  /** Content comes in parts, thinking among them: callers get text as `content` and thinking as `reasoning_content`. */
  readonly contentInParts?: boolean;
  /** Default: egress. The sandbox answers in process. */
  send?(request: UpstreamRequest, outgoing: Outgoing, flow: Flow): Promise<Reply>;
  /** Default: SSE bytes as they come. Streams in frames of another kind, such as AWS's, become SSE here. */
  unframe?(bytes$: Observable<Uint8Array>): Observable<Uint8Array>;
}

/** The fields that every provider must decide, with the defaults of a faithful OpenAI clone. */
export function defineProvider(provider: Pick<Provider, 'name' | 'title' | 'baseUrl'> & Partial<Provider>): Provider {
  return {
    protocols: ['openai-chat'],
    refuses: [],
    drops: [],
    clamps: {},
    renames: {},
    streamUsage: 'ask',
    maxN: 1,
    modelTraits: () => ({ reasoning: 'asked', sampling: 'both', efforts: ['low', 'medium', 'high'] }),
    ...provider,
  };
}
