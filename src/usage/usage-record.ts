import type { Lane } from '../catalog/route.js';
import type { Dimension } from '../protocols/usage.js';

/** How the request ended. `interrupted` is written by replay, for requests that a killed process had open. */
export type UsageStatus = 'completed' | 'failed' | 'left' | 'interrupted';

/** Where the figures come from (contract §13). */
export type UsageSource = 'provider' | 'drained' | 'estimated' | 'none';

export interface LineItem {
  readonly dimension: Dimension;
  readonly quantity: number;
  /** Integers as decimal strings: picoUSD does not fit a double. */
  readonly unit_price_pico_usd: string;
  readonly amount_pico_usd: string;
}

/** Why the request went where it went. */
export interface Routing {
  readonly lane: Lane | null;
  readonly candidates: readonly { readonly channel: string; readonly provider: string; readonly reason: string }[];
  readonly attempts: readonly {
    readonly channel: string;
    readonly upstream_model: string;
    /** `ok` or the error code. */
    readonly outcome: string;
    readonly upstream_status: number | null;
    readonly upstream_request_id: string | null;
    readonly duration_ms: number;
  }[];
}

/** Milliseconds since the request was identified; null: never happened. */
export interface Timings {
  readonly dispatched_ms: number | null;
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
}

/**
 * The immutable row that says what one request did and cost: what the journal holds, what the recorder inserts, what
 * `GET /api/usage/requests/:id` shows. JSON-safe as it stands.
 */
export interface UsageRecord {
  readonly request_id: string;
  readonly account_id: string;
  readonly key_id: string;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly ended_at: string;
  /** `/v1/chat/completions` … */
  readonly endpoint: string;
  readonly protocol: string;
  readonly stream: boolean;
  /** As requested (an alias stays an alias). */
  readonly model: string;
  /** Catalog name the alias stood for. */
  readonly catalog_model: string;
  /** What ran upstream; null when nothing was dispatched. */
  readonly resolved_model: string | null;
  readonly vendor_id: string | null;
  readonly provider: string | null;
  readonly channel_id: string | null;
  readonly lane: Lane | null;
  readonly status: UsageStatus;
  /** What the caller got: 200, or the error's status. */
  readonly http_status: number;
  readonly error_code: string | null;
  readonly usage_source: UsageSource;
  readonly usage_mismatch: boolean;
  readonly dimensions: readonly { readonly name: Dimension; readonly quantity: number }[];
  readonly reasoning_tokens: number | null;
  readonly line_items: readonly LineItem[];
  /** Integer microUSD; safe as a number up to nine billion dollars a request. */
  readonly charge_micro_usd: number;
  readonly price_id: string | null;
  readonly provider_usage: Readonly<Record<string, unknown>> | null;
  readonly routing: Routing;
  readonly timings: Timings;
}
