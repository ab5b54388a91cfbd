import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ulid } from 'ulid';
import type { Route } from '../../src/catalog/route.js';
import { Backlog } from '../../src/usage/backlog.js';
import { Journal } from '../../src/usage/journal/journal.js';
import { MeterService } from '../../src/usage/meter.service.js';
import { RecordQueue } from '../../src/usage/record-queue.js';
import { Recorder, type RecorderParts } from '../../src/usage/recorder.js';
import { UnflushedCharges } from '../../src/usage/unflushed-charges.js';
import type { UsageRecord } from '../../src/usage/usage-record.js';

/** Input costs 1 microUSD per token, output 2. */
export const route: Route = {
  channel: {
    id: 'chan_1',
    name: 'first',
    provider: 'acme',
    lane: 'direct',
    baseUrl: undefined,
    credential: undefined,
    priority: 0,
    weight: 1,
    options: {},
    source: 'admin',
  },
  model: {
    name: 'm',
    vendorId: 'acme',
    endpointTypes: ['chat'],
    contextLength: undefined,
    maxOutputTokens: undefined,
    parameters: {},
  },
  upstreamModel: 'm-2026',
  price: { id: 'price_1', rates: { input: 1_000_000n, output: 2_000_000n }, tiers: [], serviceTiers: {} },
};

export const newRequestId = (at = Date.now()) => `req_lazu_${ulid(at)}`;

/** A pool that outlives the loss of its connections, as the service's own does. */
export function poolOn(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 2_000 });
  pool.on('error', () => undefined);
  pool.on('connect', client => client.on('error', () => undefined));
  return pool;
}

export interface Metering {
  readonly root: string;
  readonly queue: RecordQueue;
  readonly journal: Journal;
  readonly recorder: Recorder;
  readonly charges: UnflushedCharges;
  readonly meters: MeterService;
  /** One whole request; resolves when its caller may see the end. */
  request(spent?: Partial<Spent>): Promise<UsageRecord>;
}

export interface Spent {
  readonly accountId: string;
  readonly keyId: string;
  readonly requestId: string;
  readonly input: number;
  readonly output: number;
}

/** Journal, meter and recorder as the service wires them, without the rest of it. */
export function metering(
  pool: pg.Pool,
  options: { root?: string; mostHeld?: number; segmentBytes?: number; ledger?: RecorderParts['ledger'] } = {},
): Metering {
  const root = options.root ?? mkdtempSync(join(tmpdir(), 'lazu-usage-'));
  const queue = new RecordQueue(options.mostHeld);
  const journal = new Journal(
    { root, sync: 'interval', maxBytes: 1e9, segmentBytes: options.segmentBytes },
    (records, segment) => queue.push(records, segment),
    { problem: () => undefined, recovered: () => undefined },
  );
  const backlog = new Backlog(root, journal);
  const charges = new UnflushedCharges();
  const recorder = new Recorder({ database: { pool }, queue, journal, backlog, ledger: options.ledger, charges, root });
  const meters = new MeterService(journal);
  const request = (spent: Partial<Spent> = {}) => {
    const meter = meters.open({
      requestId: spent.requestId ?? newRequestId(),
      accountId: spent.accountId ?? 'acct_1',
      keyId: spent.keyId ?? 'key_1',
      startedAt: Date.now(),
      endpoint: '/v1/chat/completions',
      protocol: 'openai-chat',
      stream: false,
      model: 'm',
      catalogModel: 'm',
    });
    meter.route(route);
    const { input = 10, output = 5 } = spent;
    meter.see({ dimensions: { input, output }, totalTokens: input + output, raw: { total_tokens: input + output } });
    return meter.close({ kind: 'completed' });
  };
  return { root, queue, journal, recorder, charges, meters, request };
}

export async function until(condition: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  for (const deadline = Date.now() + ms; !(await condition()); await new Promise(resolve => setTimeout(resolve, 20))) {
    if (Date.now() > deadline) throw new Error('waited in vain');
  }
}

export function discard(root: string): void {
  rmSync(root, { recursive: true, force: true });
}
