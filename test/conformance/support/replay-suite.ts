import OpenAI from 'openai';
import { bootLazu, type TestLazu } from '../../support/boot.js';
import { Channels } from './channels.js';
import type { Exchange } from './exchange.js';
import { closed, expectedError, expectedStream, framesIn, lessPromisedReasoning, wordsOf } from './expected.js';
import { folded, unfolded } from './fold.js';
import { readWithSdk, type Reading } from './judge.js';
import { changedFields, REFUSED, requestEdits, tokensBeside } from './quirks.js';
import { ReplayServer } from './replay-server.js';

/**
 * Every exchange as the upstream of one Lazu. The judge is the official SDK: what it reads of the bytes themselves must be what it
 * reads of Lazu's answer.
 */
export function replaySuite(exchanges: readonly Exchange[]): void {
  let lazu: TestLazu;
  let upstream: ReplayServer;
  let channels: Channels;
  let direct: OpenAI;
  const count = { replayed: 0, refused: 0, errors: 0 };

  beforeAll(async () => {
    upstream = await ReplayServer.start();
    lazu = await bootLazu();
    channels = await Channels.create(lazu, upstream.url, exchanges);
    direct = new OpenAI({ apiKey: 'none', baseURL: `${upstream.url}/direct`, maxRetries: 0 });
  }, 120_000);
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
    const { replayed, refused, errors } = count;
    process.stderr.write(
      `${exchanges.length} exchanges: ${replayed} replayed, of them ${errors} errors; ${refused} refused by name; ` +
        `${exchanges.length - replayed - refused} failed\n`,
    );
  });

  it.each(exchanges.map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
    const stream = exchange.streamed || (exchange.status >= 400 && exchange.request['stream'] === true);
    const { stream: _, ...asked } = exchange.request;
    const body = { ...asked, ...(stream && { stream }), model: channels.modelFor(exchange) };
    // The SDK overlooks a last frame without a blank line behind it, which Lazu has to close, as [DONE] follows.
    upstream.play(
      exchange.streamed ? { ...exchange, bytes: Buffer.from(closed(exchange.bytes.toString())) } : exchange,
    );
    const raw = await readWithSdk(direct, body);

    upstream.play(exchange);
    const response = await lazu.post('/v1/chat/completions', body);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (upstream.asked.length === 0) {
      expectNamedRefusal(exchange, response.status, JSON.parse(bytes.toString()));
      count.refused++;
      return;
    }
    expectSameRequest(exchange, response.headers);
    if (exchange.status >= 400) {
      await expectError(exchange, response, bytes, body);
      count.errors++;
    } else if (raw.error) {
      await expectBrokenStream(exchange, response, bytes, body);
      count.errors++;
    } else {
      expectSameBytes(exchange, body, bytes);
      await expectSameReading(body, raw);
      await expectSameMetering(exchange, raw, response);
    }
    count.replayed++;
  });

  function expectNamedRefusal({ provider, name }: Exchange, status: number, body: any): void {
    const { code, param } = body.error;
    const reason = REFUSED[provider]?.[param];
    expect({ name, status, code, param, reason }).toEqual({
      name,
      status: 400,
      code: 'unsupported_parameter',
      param,
      reason: expect.any(String),
    });
  }

  /** What went out is what the recorded client sent, but for the edits that the provider's page asks for. */
  function expectSameRequest(exchange: Exchange, headers: Headers): void {
    const { path, body } = upstream.asked[0]!;
    if (exchange.url !== undefined) expect(path).toBe(exchange.url.replace(/^https?:\/\/[^/]+/, ''));
    const dropped = headers.get('x-lazu-dropped-params')?.split(', ') ?? [];
    const allowed = new Set([...requestEdits(exchange.provider), ...dropped.map(field => field.split(/[.[]/)[0]!)]);
    const changed = changedFields(exchange.request, body).filter(field => !allowed.has(field));
    expect(changed).toEqual([]);
    expect(body.model).toBe(exchange.request['model']);
    expect(JSON.stringify(upstream.asked)).not.toContain(lazu.apiKey);
  }

  async function expectError(
    exchange: Exchange,
    response: Response,
    bytes: Buffer,
    body: Record<string, any>,
  ): Promise<void> {
    const said = jsonIn(exchange.bytes);
    const expected = expectedError(exchange.status, said, exchange.name);
    const { error } = JSON.parse(bytes.toString());
    expect([response.status, expected.codes]).toEqual([expected.status, expect.arrayContaining([error.code])]);
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'request_id', 'type']);
    const words = wordsOf(said);
    if (words !== undefined && expected.tells) expect(error.message).toBe(words);
    if (words !== undefined && !expected.tells) expect(error.message).not.toContain(words);
    expect(response.headers.get('retry-after')).toBe(exchange.headers['retry-after'] ?? null);
    const seen = await readWithSdk(lazu.openai, body);
    expect(seen.error).toEqual({ kind: expected.kind, status: expected.status, code: error.code });
    const record = await lazu.record(response.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({ status: 'failed', usage_source: 'none', billing: { charge_micro_usd: 0 } });
  }

  /** An error in the middle: all output before it, then one error of ours, and no end mark (contract §11). */
  async function expectBrokenStream(
    exchange: Exchange,
    response: Response,
    bytes: Buffer,
    body: Record<string, any>,
  ): Promise<void> {
    const text = bytes.toString();
    const frames = text.trimEnd().split('\n\n');
    const { error } = JSON.parse(frames.pop()!.slice('data: '.length));
    expect(exchange.bytes.toString().startsWith(frames.join('\n\n'))).toBe(true);
    expect(frames.some(frame => frame.includes('"content":"'))).toBe(true);
    expect(text).not.toContain('[DONE]');
    expect(error).toEqual({
      ...{ message: expect.any(String), type: expect.any(String), param: null },
      ...{ code: expect.stringMatching(/^upstream_/), request_id: response.headers.get('x-lazu-request-id') },
    });
    const seen = await readWithSdk(lazu.openai, body);
    expect(seen.error).toEqual({ kind: 'APIError', status: undefined, code: error.code });
    const record = await lazu.record(response.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
  }

  function expectSameBytes(exchange: Exchange, body: Record<string, any>, bytes: Buffer): void {
    const asked = body['stream_options']?.include_usage === true;
    const before = exchange.bytes.toString();
    if (!exchange.streamed) return expect(lessPromisedReasoning(before, bytes.toString())).toBe(before);
    const expected = framesIn(expectedStream(exchange.bytes, asked));
    expect(framesIn(bytes.toString()).map((frame, at) => lessPromisedReasoning(expected[at], frame))).toEqual(expected);
  }

  async function expectSameReading(body: Record<string, any>, raw: Reading): Promise<void> {
    const asked = body['stream'] !== true || body['stream_options']?.include_usage === true;
    const seen = await readWithSdk(lazu.openai, body);
    const choices = raw.choices!.map(choice => ({ ...choice, reasoningContent: choice.reasoning }));
    if (asked) expect(seen).toEqual({ ...raw, choices });
    else expect({ ...seen, usage: null }).toEqual({ ...raw, choices, usage: null });
  }

  /** Token dimensions sum to the provider's total, and both code paths, whole and streamed, find the same ones (trap 5). */
  async function expectSameMetering(exchange: Exchange, raw: Reading, response: Response): Promise<void> {
    const record = await lazu.record(response.headers.get('x-lazu-request-id'));
    expect(record.status).toBe('completed');
    const usage = raw.usage as Record<string, any> | null | undefined;
    if (!usage) {
      expect(record.usage_source).toBe('estimated');
      return;
    }
    expect([record.usage_source, record.usage_mismatch ?? false]).toEqual(['provider', false]);
    expect(tokensIn(record)).toBe(usage['total_tokens'] + tokensBeside(exchange.provider, usage));
    const twin = exchange.streamed ? folded(raw, exchange) : unfolded(exchange);
    upstream.play(twin);
    const again = await lazu.post('/v1/chat/completions', {
      model: channels.modelFor(exchange),
      messages: [{ role: 'user', content: 'The same again, the other way.' }],
      ...(twin.streamed && { stream: true }),
    });
    await again.arrayBuffer();
    const other = await lazu.record(again.headers.get('x-lazu-request-id'));
    expect([other.usage_source, other.usage.dimensions]).toEqual(['provider', record.usage.dimensions]);
  }
}

/** Calls are no tokens: searches and fees stand beside. */
function tokensIn(record: any): number {
  return (record.usage.dimensions as { name: string; quantity: number }[])
    .filter(({ name }) => name !== 'requests' && !name.startsWith('tool_'))
    .reduce((sum, { quantity }) => sum + quantity, 0);
}

function jsonIn(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined; // a proxy in front of the vendor speaks HTML
  }
}
