import type { Dimension } from '../protocols/usage.js';

export type Lane = 'direct' | 'cheap';

/** Per vendor: the lane a key prefers. `auto` takes the cheapest that is healthy (contract §13). */
export type LanePreference = Lane | 'auto';

/** What of the catalog exists for a key. */
export interface Scope {
  /** Undefined: every model. Names as in the catalog; aliases are resolved before the comparison. */
  readonly allowedModels: ReadonlySet<string> | undefined;
  /** Vendor id → preference; a vendor that is not named is `direct`. */
  readonly lanes: Readonly<Record<string, LanePreference>>;
}

/** Endpoint families of the catalog (contract §3). */
export type EndpointType =
  | 'chat'
  | 'responses'
  | 'embeddings'
  | 'messages'
  | 'gemini'
  | 'images'
  | 'speech'
  | 'transcription'
  | 'moderation'
  | 'rerank';

/** Unit prices in integer picoUSD per token or call. USD per million tokens × 10⁶ = picoUSD per token. */
export type Rates = Readonly<Partial<Record<Dimension, bigint>>>;

export interface PriceTier {
  readonly aboveInputTokens: number;
  readonly rates: Rates;
  /** What a service tier costs above this many tokens; a tier not named here keeps its rates from `Price.serviceTiers`. */
  readonly serviceTiers?: Readonly<Record<string, Rates>>;
}

/** The price in force for one (model, lane): versioned, immutable; a usage record keeps its `id`. */
export interface Price {
  readonly id: string;
  readonly rates: Rates;
  /** Context-length tiers, ascending: above so many input tokens (cached ones included) these rates replace those they name. */
  readonly tiers: readonly PriceTier[];
  /** Service tiers (`flex`, `priority`, `batch` …): their rates replace those they name. */
  readonly serviceTiers: Readonly<Record<string, Rates>>;
}

/** A configured way to a provider, as the data path needs it: the credential decrypted, in memory only. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  /** Name of a folder in `providers/`. */
  readonly provider: string;
  readonly lane: Lane;
  /** Overrides the provider's own. */
  readonly baseUrl: string | undefined;
  readonly credential: string | Readonly<Record<string, string>> | undefined;
  /** Lower is tried first. */
  readonly priority: number;
  /** Share among channels of equal priority; 0 takes no traffic unless it is alone. */
  readonly weight: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly source: 'admin' | 'env';
}

/** A catalog model, as the data path needs it. */
export interface Model {
  readonly name: string;
  readonly vendorId: string;
  readonly endpointTypes: readonly EndpointType[];
  readonly contextLength: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly parameters: Readonly<Record<string, boolean>>;
}

/** One candidate for one request: channel + upstream model + price. */
export interface Route {
  readonly channel: Channel;
  readonly model: Model;
  /** The name this channel knows the model by. */
  readonly upstreamModel: string;
  readonly price: Price;
}

/** Every route that may serve one request, in no order yet. Never empty: having none is an error. */
export interface Candidates {
  readonly model: Model;
  readonly routes: readonly Route[];
  /** The key left the lane open (`auto`): cheaper healthy routes go before dearer ones. */
  readonly cheapestFirst: boolean;
}

/** A channel made by the environment (contract §16), as `dispatch` hands it to the catalog. */
export interface EnvironmentChannelSpec {
  /** `env:<provider>` */
  readonly id: string;
  readonly provider: string;
  readonly baseUrl: string | undefined;
  readonly credential: string | Readonly<Record<string, string>> | undefined;
  readonly priority: number;
  readonly serves: { readonly vendors: readonly string[] } | { readonly models: Readonly<Record<string, string>> };
  /** Counts only while no other channel exists (`SANDBOX=auto`). */
  readonly onlyWhenAlone?: boolean;
}
