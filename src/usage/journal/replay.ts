import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UsageRecord } from '../usage-record.js';
import { type OpenedRequest, readLine } from './line.js';
import { writeRecord } from './write-record.js';

/** Bytes of all files under a directory. */
export async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries.filter(entry => entry.isFile()).map(async entry => (await stat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The records in one file, as JSON text. */
export async function recordsIn(path: string): Promise<string[]> {
  const records: string[] = [];
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const read = readLine(line);
    if (read?.type === 'closed') records.push(read.record);
  }
  return records;
}

/**
 * What a dead process left behind, in portions: its records, then an `interrupted` one for each request that it had open. A torn
 * last line counts as not written. Journals that it had adopted itself come along.
 */
export async function* recordsLeftIn(directory: string): AsyncGenerator<string[]> {
  const open = new Map<string, OpenedRequest>();
  let lastWrite = 0;
  const entries = (await readdir(directory, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* recordsLeftIn(path);
    else if (entry.name.endsWith('.jsonl')) {
      const records: string[] = [];
      lastWrite = Math.max(lastWrite, (await stat(path)).mtimeMs);
      for (const line of (await readFile(path, 'utf8')).split('\n')) {
        const read = readLine(line);
        if (read?.type === 'opened') open.set(read.request.request_id, read.request);
        if (read?.type !== 'closed') continue;
        open.delete(read.requestId);
        records.push(read.record);
      }
      yield records;
    }
  }
  yield [...open.values()].map(request => writeRecord(interruptedRecord(request, lastWrite)));
}

export async function forget(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/**
 * A request that never ended as far as anybody knows: it costs nothing (contract §13).
 * @param endedAt milliseconds since the epoch: when its process was last seen to write
 */
export function interruptedRecord(request: OpenedRequest, endedAt: number): UsageRecord {
  return {
    request_id: request.request_id,
    account_id: request.account_id,
    key_id: request.key_id,
    started_at: new Date(request.started_at).toISOString(),
    ended_at: new Date(endedAt).toISOString(),
    endpoint: request.endpoint,
    protocol: request.protocol,
    stream: request.stream,
    model: request.model,
    catalog_model: request.catalog_model,
    resolved_model: null,
    vendor_id: null,
    provider: null,
    channel_id: null,
    lane: null,
    status: 'interrupted',
    http_status: 503,
    error_code: 'service_unavailable',
    usage_source: 'none',
    usage_mismatch: false,
    dimensions: [],
    reasoning_tokens: null,
    line_items: [],
    charge_micro_usd: 0,
    price_id: null,
    provider_usage: null,
    routing: { lane: null, candidates: [], attempts: [] },
    timings: { dispatched_ms: null, first_byte_ms: null, total_ms: Math.max(0, endedAt - request.started_at) },
  };
}
