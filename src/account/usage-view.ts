import type { Grouping, UsageSums } from '../usage/rollup-query.js';
import type { LineItem, Routing, Timings, UsageRecord } from '../usage/usage-record.js';

/** `GET /api/usage/requests/:request_id` (contract §14). */
export interface RequestUsage {
  readonly object: 'request_usage';
  readonly request_id: string;
  /** `/v1/chat/completions` … */
  readonly endpoint: string;
  readonly stream: boolean;
  /** As it was asked for. */
  readonly model: string;
  /** What ran; null when nothing did. */
  readonly resolved_model: string | null;
  readonly status: UsageRecord['status'];
  readonly http_status: number;
  readonly error_code: string | null;
  readonly usage: {
    readonly dimensions: UsageRecord['dimensions'];
    /** The part of `output` that was reasoning; null when the provider does not say. */
    readonly reasoning_tokens: number | null;
  };
  readonly billing: {
    readonly line_items: readonly LineItem[];
    readonly charge_micro_usd: number;
    readonly price_id: string | null;
  };
  readonly usage_source: UsageRecord['usage_source'];
  readonly usage_mismatch: boolean;
  readonly provider_usage: { readonly raw_fields: UsageRecord['provider_usage'] };
  readonly routing: Routing & {
    /** Why the one that answered was chosen; null when none did. */
    readonly reason: string | null;
  };
  readonly timings: Timings & { readonly started_at: string; readonly ended_at: string };
}

/** `GET /api/usage` */
export interface UsageReport {
  readonly object: 'usage_report';
  readonly from: string;
  readonly to: string;
  readonly group_by: Grouping;
  readonly data: readonly UsageSums[];
  readonly total: UsageSums;
}

export function requestUsageOf(record: UsageRecord): RequestUsage {
  const { routing } = record;
  const answered = routing.attempts.findLast(({ outcome }) => outcome === 'ok')?.channel;
  return {
    object: 'request_usage',
    request_id: record.request_id,
    endpoint: record.endpoint,
    stream: record.stream,
    model: record.model,
    resolved_model: record.resolved_model,
    status: record.status,
    http_status: record.http_status,
    error_code: record.error_code,
    usage: { dimensions: record.dimensions, reasoning_tokens: record.reasoning_tokens },
    billing: {
      line_items: record.line_items,
      charge_micro_usd: record.charge_micro_usd,
      price_id: record.price_id,
    },
    usage_source: record.usage_source,
    usage_mismatch: record.usage_mismatch,
    provider_usage: { raw_fields: record.provider_usage },
    routing: {
      ...routing,
      reason: routing.candidates.find(candidate => candidate.channel === answered)?.reason ?? null,
    },
    timings: { started_at: record.started_at, ended_at: record.ended_at, ...record.timings },
  };
}
