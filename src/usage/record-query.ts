import { boundOf } from './partitions.js';
import type { UsageRecord, UsageStatus } from './usage-record.js';

/** Columns of `usage_records` in the names of `UsageRecord`. */
export const RECORD_COLUMNS = [
  ...['request_id', 'account_id', 'key_id', 'started_at', 'ended_at', 'endpoint', 'protocol', 'stream', 'model'],
  ...['catalog_model', 'resolved_model', 'vendor_id', 'provider', 'channel_id', 'lane', 'status', 'http_status'],
  ...['error_code', 'usage_source', 'usage_mismatch', 'dimensions', 'reasoning_tokens', 'line_items'],
  ...['charge_micro_usd', 'price_id', 'provider_usage', 'routing', 'timings'],
].join(', ');

/** A record as it is kept. */
export type StoredRecord = UsageRecord & {
  /** With what it was written: the `reference` of the ledger's posting that charges it. */
  readonly batch_id: string;
};

export interface RecordFilter {
  readonly requestId?: string | undefined;
  readonly batchId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly keyId?: string | undefined;
  /** Catalog name. */
  readonly model?: string | undefined;
  readonly channelId?: string | undefined;
  readonly status?: UsageStatus | undefined;
  readonly errorCode?: string | undefined;
  /** Started at or after; found through the id, so that only the partitions of that time are read. */
  readonly from?: Date | undefined;
  /** Started before. */
  readonly to?: Date | undefined;
  /** Request id of the last one seen. */
  readonly after: string | undefined;
  readonly take: number;
}

/** Newest first. */
export function searchQuery(filter: RecordFilter): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const where = (condition: string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(`${condition} $${values.length}`);
  };
  where('request_id =', filter.requestId);
  where('account_id =', filter.accountId);
  where('key_id =', filter.keyId);
  where('catalog_model =', filter.model);
  where('channel_id =', filter.channelId);
  where('status =', filter.status);
  where('error_code =', filter.errorCode);
  where('request_id >=', filter.from && boundOf(Math.max(0, filter.from.getTime())));
  where('request_id <', filter.to && boundOf(Math.max(0, filter.to.getTime())));
  where('request_id <', filter.after);
  const limit = values.push(filter.take);
  let source = 'usage_records';
  if (filter.batchId !== undefined) {
    values.push(filter.batchId);
    // Fenced: for the sake of the order PostgreSQL would rather read all records backwards until a page of the batch is full.
    source = `(SELECT * FROM usage_records WHERE batch_id = $${values.length} OFFSET 0) AS batch`;
  }
  const text = `SELECT ${RECORD_COLUMNS}, batch_id FROM ${source}
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    ORDER BY request_id DESC LIMIT $${limit}`;
  return { text, values };
}

export function recordOf(row: Readonly<Record<string, unknown>>): UsageRecord {
  return {
    ...row,
    started_at: (row['started_at'] as Date).toISOString(),
    ended_at: (row['ended_at'] as Date).toISOString(),
    charge_micro_usd: Number(row['charge_micro_usd']),
  } as UsageRecord;
}
