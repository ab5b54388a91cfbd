import fc from 'fast-check';
import { DIMENSIONS } from '../../protocols/usage.js';
import type { UsageRecord } from '../usage-record.js';
import { closedLine, openedLine, readLine, requestIdOf } from './line.js';
import { writeRecord } from './write-record.js';

const id = 'req_lazu_01JABCDEFGHJKMNPQRSTVWXYZ0';
const text = fc.string({ unit: 'binary' });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const dimension = fc.constantFrom(...DIMENSIONS);
const ms = orNull(fc.nat());

const record: fc.Arbitrary<UsageRecord> = fc.record({
  request_id: fc.constant(id),
  account_id: fc.constant('acct_1'),
  key_id: fc.constant('key_1'),
  started_at: fc.constant('2026-11-22T10:00:00.000Z'),
  ended_at: fc.constant('2026-11-22T10:00:01.000Z'),
  endpoint: fc.constant('/v1/chat/completions'),
  protocol: fc.constant('openai-chat'),
  stream: fc.boolean(),
  model: text,
  catalog_model: text,
  resolved_model: orNull(text),
  vendor_id: orNull(text),
  provider: orNull(text),
  channel_id: orNull(text),
  lane: orNull(fc.constantFrom('direct', 'cheap')),
  status: fc.constantFrom('completed', 'failed', 'left', 'interrupted'),
  http_status: fc.nat(599),
  error_code: orNull(text),
  usage_source: fc.constantFrom('provider', 'drained', 'estimated', 'none'),
  usage_mismatch: fc.boolean(),
  dimensions: fc.array(fc.record({ name: dimension, quantity: fc.nat() })),
  reasoning_tokens: orNull(fc.nat()),
  line_items: fc.array(
    fc.record({
      dimension,
      quantity: fc.nat(),
      unit_price_pico_usd: fc.nat().map(String),
      amount_pico_usd: fc.nat().map(String),
    }),
  ),
  charge_micro_usd: fc.nat(),
  price_id: orNull(text),
  provider_usage: orNull(fc.dictionary(text, fc.oneof(fc.nat(), text))),
  routing: fc.record({
    lane: orNull(fc.constantFrom('direct', 'cheap')),
    candidates: fc.array(fc.record({ channel: text, provider: text, reason: text })),
    attempts: fc.array(
      fc.record({
        channel: text,
        upstream_model: text,
        outcome: text,
        upstream_status: orNull(fc.nat(599)),
        upstream_request_id: orNull(text),
        duration_ms: fc.nat(),
      }),
    ),
  }),
  timings: fc.record({ dispatched_ms: ms, first_byte_ms: ms, total_ms: fc.nat() }),
});

describe('the lines of a journal', () => {
  it('write a record exactly as JSON.stringify would, whatever its strings hold', () => {
    fc.assert(
      fc.property(record, one => {
        const written = writeRecord(one);
        expect(written).toBe(JSON.stringify(one));
        expect(requestIdOf(written)).toBe(id);
        expect(written).not.toContain('\n');
      }),
      { numRuns: 500 },
    );
  });

  it('read back what was written', () => {
    fc.assert(
      fc.property(record, one => {
        const line = closedLine(writeRecord(one));
        expect(readLine(line.slice(0, -1))).toEqual({ type: 'closed', requestId: id, record: writeRecord(one) });
      }),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(text, fc.boolean(), (model, stream) => {
        const opening = {
          requestId: id,
          accountId: 'acct_1',
          keyId: 'key_1',
          startedAt: 1_764_000_000_000,
          endpoint: '/v1/chat/completions',
          protocol: 'openai-chat',
          stream,
          model,
          catalogModel: 'm',
        };
        const line = openedLine(opening);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(readLine(line.slice(0, -1))).toEqual({
          type: 'opened',
          request: {
            request_id: id,
            account_id: 'acct_1',
            key_id: 'key_1',
            started_at: 1_764_000_000_000,
            endpoint: '/v1/chat/completions',
            protocol: 'openai-chat',
            stream,
            model,
            catalog_model: 'm',
          },
        });
      }),
      { numRuns: 100 },
    );
  });

  it('take a torn line for none', () => {
    const line = `{"type":"closed","record":{"request_id":"${id}","model":"gpt"}}`;
    for (let length = 0; length < line.length; length++) expect(readLine(line.slice(0, length))).toBeUndefined();
    expect(readLine('\0\0\0\0')).toBeUndefined();
  });
});
