import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import type { Route } from '../catalog/route.js';
import { LazuError } from '../errors.js';
import type { Usage } from '../protocols/usage.js';
import { Journal } from './journal/journal.js';
import type { Ending, Opening } from './meter.js';
import { MeterService } from './meter.service.js';
import type { UsageRecord } from './usage-record.js';

const route: Route = {
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
const usage: Usage = {
  dimensions: { input: 10, output: 5 },
  reasoningTokens: 2,
  totalTokens: 15,
  raw: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};
const cut = new LazuError('upstream_error', 'cut');
const delivered = { dimensions: { input: 8, output: 3 } };

let root: string;
let journal: Journal;
let meters: MeterService;
let kept: string[];

beforeEach(() => {
  Logger.overrideLogger(false);
  root = mkdtempSync(join(tmpdir(), 'lazu-meter-'));
  kept = [];
  journal = new Journal(
    { root, sync: 'off', maxBytes: 1e9 },
    (records, segment) => {
      kept.push(...records);
      segment.held -= records.length;
    },
    { problem: () => undefined, recovered: () => undefined },
  );
  meters = new MeterService(journal);
});
afterEach(async () => {
  await journal.end();
  rmSync(root, { recursive: true, force: true });
});

const open = (extra: Partial<Opening> = {}) =>
  meters.open({
    requestId: `req_lazu_${ulid()}`,
    accountId: 'acct_1',
    keyId: 'key_1',
    startedAt: Date.now() - 5,
    endpoint: '/v1/chat/completions',
    protocol: 'openai-chat',
    stream: true,
    model: 'alias',
    catalogModel: 'm',
    ...extra,
  });

async function ended(ending: Ending, seen?: Usage, firstByte = true): Promise<UsageRecord> {
  const meter = open();
  meter.route(route);
  if (firstByte) meter.firstByte();
  if (seen) meter.see(seen);
  return meter.close(ending);
}

describe('what an ending costs (contract §13)', () => {
  const failed: Ending = { kind: 'failed', error: cut };
  const left = (drained: boolean): Ending => ({ kind: 'left', drained, delivered });

  it.each<[string, Ending, Usage | undefined, number, string]>([
    ['2xx: the vendor’s usage', { kind: 'completed' }, usage, 20, 'provider'],
    ['2xx, no usage ever: our count', { kind: 'completed', delivered }, undefined, 14, 'estimated'],
    ['2xx, no usage and no count: nothing', { kind: 'completed' }, undefined, 0, 'none'],
    ['broken off, final usage seen: that usage', failed, usage, 20, 'provider'],
    ['trap 2: broken off before final usage: nothing', failed, undefined, 0, 'none'],
    ['caller left, usage in the grace: that usage', left(true), usage, 20, 'drained'],
    ['trap 1: caller left, no usage: input and what was delivered', left(false), undefined, 14, 'estimated'],
    ['trap 1: caller left, usage came, the end did not: that usage', left(false), usage, 20, 'drained'],
  ])('%s', async (_name, ending, seen, charge, source) => {
    const record = await ended(ending, seen);
    expect(record).toMatchObject({ charge_micro_usd: charge, usage_source: source, status: ending.kind });
    const total = record.line_items.reduce((sum, item) => sum + BigInt(item.amount_pico_usd), 0n);
    expect(total).toBe(BigInt(charge) * 1_000_000n);
    expect(JSON.parse(kept[0]!)).toEqual(record);
  });

  it('charges nothing when nothing was dispatched, whatever the ending says', async () => {
    const meter = open();
    const record = await meter.close(left(false));
    expect(record).toMatchObject({ charge_micro_usd: 0, usage_source: 'none', price_id: null, http_status: 499 });
    expect(record.timings.dispatched_ms).toBeNull();
  });

  it('trap 8: counts only the attempt that answered, at its price', async () => {
    const meter = open();
    meter.route(route);
    meter.see({ ...usage, dimensions: { input: 1_000 } });
    const dearer = { ...route, price: { ...route.price, id: 'price_2', rates: { input: 5_000_000n, output: 0n } } };
    meter.route(dearer);
    expect(await meter.close({ kind: 'completed' })).toMatchObject({ charge_micro_usd: 0, usage_source: 'none' });
    const second = open();
    second.route(route);
    second.route(dearer);
    second.see(usage);
    expect(await second.close({ kind: 'completed' })).toMatchObject({ charge_micro_usd: 50, price_id: 'price_2' });
  });
});

describe('a record', () => {
  it('says the whole story', async () => {
    const meter = open();
    meter.route(route);
    meter.resolvedModel('m-2026-11-01');
    meter.firstByte();
    meter.see(usage);
    const routing = { lane: 'direct' as const, candidates: [], attempts: [] };
    meter.routing(routing);
    expect(await meter.close({ kind: 'completed' })).toEqual({
      request_id: meter.requestId,
      account_id: 'acct_1',
      key_id: 'key_1',
      started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      ended_at: expect.stringMatching(/Z$/),
      endpoint: '/v1/chat/completions',
      protocol: 'openai-chat',
      stream: true,
      model: 'alias',
      catalog_model: 'm',
      resolved_model: 'm-2026-11-01',
      vendor_id: 'acme',
      provider: 'acme',
      channel_id: 'chan_1',
      lane: 'direct',
      status: 'completed',
      http_status: 200,
      error_code: null,
      usage_source: 'provider',
      usage_mismatch: false,
      dimensions: [
        { name: 'input', quantity: 10 },
        { name: 'output', quantity: 5 },
      ],
      reasoning_tokens: 2,
      line_items: [
        { dimension: 'input', quantity: 10, unit_price_pico_usd: '1000000', amount_pico_usd: '10000000' },
        { dimension: 'output', quantity: 5, unit_price_pico_usd: '2000000', amount_pico_usd: '10000000' },
      ],
      charge_micro_usd: 20,
      price_id: 'price_1',
      provider_usage: usage.raw,
      routing,
      timings: { dispatched_ms: expect.any(Number), first_byte_ms: expect.any(Number), total_ms: expect.any(Number) },
    });
  });

  it('has the status that the caller got: the error’s before the first byte, 200 after it', async () => {
    const failed: Ending = { kind: 'failed', error: cut };
    expect(await ended(failed, undefined, false)).toMatchObject({ http_status: 502, error_code: 'upstream_error' });
    expect(await ended(failed, undefined, true)).toMatchObject({ http_status: 200, error_code: 'upstream_error' });
  });

  it('trap 4: says when the dimensions do not make the provider’s total, and charges the dimensions', async () => {
    const record = await ended({ kind: 'completed' }, { ...usage, totalTokens: 99 });
    expect(record).toMatchObject({ usage_mismatch: true, charge_micro_usd: 20, status: 'completed' });
    const nonsense = await ended({ kind: 'completed' }, { dimensions: { input: -4, output: 1.5 }, raw: {} });
    expect(nonsense).toMatchObject({ usage_mismatch: true, charge_micro_usd: 0, dimensions: [] });
  });

  it('trap 7: shows what had no price on a request that succeeded', async () => {
    const record = await ended({ kind: 'completed' }, { dimensions: { input: 10, tool_web_search: 1 }, raw: {} });
    expect(record).toMatchObject({ status: 'completed', error_code: 'price_unavailable', charge_micro_usd: 10 });
    expect(record.dimensions).toContainEqual({ name: 'tool_web_search', quantity: 1 });
    const dearer = await ended({ kind: 'completed' }, { dimensions: { input: 10 }, raw: {}, serviceTier: 'priority' });
    expect(dearer).toMatchObject({ status: 'completed', error_code: 'price_unavailable', charge_micro_usd: 10 });
  });
});

describe('a meter', () => {
  it('closes once: the first ending wins and everybody gets its record', async () => {
    const onClose = jest.fn();
    const meter = open({ onClose });
    meter.route(route);
    meter.see(usage);
    const [first, second] = await Promise.all([
      meter.close({ kind: 'completed' }),
      meter.close({ kind: 'failed', error: cut }),
    ]);
    expect(second).toBe(first);
    expect(first.status).toBe('completed');
    expect(kept).toHaveLength(1);
    expect(onClose.mock.calls).toEqual([[first]]);
  });

  it('fails loudly when its record cannot be kept, charges nothing, and owes an `interrupted` one', async () => {
    const onClose = jest.fn();
    const meter = open({ onClose });
    meter.route(route);
    meter.see(usage);
    const full = jest.spyOn(journal.segments.current, 'write').mockImplementation(() => {
      throw new Error('ENOSPC');
    });
    await expect(meter.close({ kind: 'completed' })).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(onClose.mock.calls).toEqual([[expect.objectContaining({ status: 'interrupted', charge_micro_usd: 0 })]]);
    expect(() => open()).toThrow(expect.objectContaining({ status: 503 }));
    full.mockRestore();
    await journal.end();
    expect(kept.map(text => JSON.parse(text))).toEqual([
      expect.objectContaining({ request_id: meter.requestId, status: 'interrupted', charge_micro_usd: 0 }),
    ]);
  });
});
