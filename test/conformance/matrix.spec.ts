import { bootLazu, type TestLazu } from '../support/boot.js';
import { describeWith, materials } from '../support/materials.js';
import { type Answered, type Asked, type Caller, callersOf, type Refusal, type Told } from './support/callers.js';
import type { Exchange } from './support/exchange.js';
import { Matrix } from './support/matrix.js';
import { ReplayServer } from './support/replay-server.js';
import { type Source, sourcesIn, type Truth } from './support/sources.js';

const folder = materials('recordings', 'replaying every recorded chat answer to callers of every dialect');
const isWritten = process.env['CONFORMANCE_WRITE'] === '1';

/** The id of the last answer of Lazu's, whichever SDK asked: not all of them tell. */
let lastRequestId: string | null = null;
const ownFetch = globalThis.fetch;

describeWith(folder, 'every recorded chat answer', recordings => {
  const matrix = new Matrix();
  let lazu: TestLazu;
  let upstream: ReplayServer;

  beforeAll(async () => {
    globalThis.fetch = async (...request) => {
      const response = await ownFetch(...request);
      lastRequestId = response.headers.get('x-lazu-request-id') ?? lastRequestId;
      return response;
    };
    [upstream, lazu] = await Promise.all([ReplayServer.start(), bootLazu()]);
  }, 120_000);
  afterAll(async () => {
    globalThis.fetch = ownFetch;
    await lazu.close();
    await upstream.stop();
  });

  describe.each(sourcesIn(recordings).map(source => [source.upstream, source] as const))('of %s', (_name, source) => {
    let modelFor: (exchange: Exchange) => string;
    let callers: Caller[];
    beforeAll(async () => {
      modelFor = await source.setUp(lazu, upstream.url);
      callers = callersOf(lazu);
    }, 120_000);

    it.each(source.exchanges.map(exchange => [exchange.name, exchange] as const))('%s', async (_exchange, exchange) => {
      upstream.play(exchange);
      const truth = await truthOf(source, exchange, upstream);
      const asked = askedBy(exchange, modelFor(exchange));
      const features = featuresOf(exchange, asked, truth);
      const wrong: Record<string, unknown> = {};
      const before: Before = {};
      for (const caller of callers) {
        upstream.play(exchange);
        const heard = await caller.ask(asked);
        // On its own protocol the vendor's figures pass as they are, in whatever way it counts.
        const fault = await faultOf(heard, truth, before, caller.dialect !== source.dialect);
        const outcome = fault !== undefined ? 'failed' : isRefusedByName(heard) ? 'refused' : 'passed';
        matrix.count(caller.dialect, source.upstream, features, outcome);
        if (fault !== undefined) wrong[caller.dialect] = fault;
      }
      expect(wrong).toEqual({});
    });
  });

  it('is read as well as ever', () => {
    if (isWritten) matrix.write();
    expect(matrix.worse()).toEqual([]);
  });

  /** What differs; undefined: nothing. Refusals, and what is charged, are the same for callers of all dialects. */
  async function faultOf(heard: Answered | Refusal, truth: Truth | undefined, before: Before, isTranslated: boolean) {
    if ('refused' in heard) {
      if (isRefusedByName(heard)) return undefined;
      before.error ??= heard.refused;
      return truth === undefined && sameError(before.error, heard.refused) ? undefined : { heard, error: before.error };
    }
    if (!truth) return { heard, expected: 'an error' };
    const { told, ...said } = heard;
    const { dimensions, ...meant } = truth;
    const record = await lazu.record(lastRequestId);
    // Some recorded clients did not ask for usage: what is estimated then depends on how the question was asked.
    if (record.usage_source !== 'provider') return equal(said, meant);
    const metered = tokensIn(record.usage.dimensions);
    before.metered ??= dimensions ? tokensIn(entries(dimensions)) : metered;
    const isTold = !isTranslated || JSON.stringify(told) === JSON.stringify(toldOf(metered));
    return equal({ ...said, metered, told: isTold || told }, { ...meant, metered: before.metered, told: true });
  }
});

/** What callers of other dialects got for the same exchange. */
interface Before {
  error?: unknown;
  metered?: Readonly<Record<string, number>>;
}

/** What the charged dimensions come to in the figures that every dialect has. */
function toldOf(metered: Readonly<Record<string, number>>): Told {
  const sum = (isMeant: (name: string) => boolean) =>
    Object.entries(metered).reduce((total, [name, quantity]) => (isMeant(name) ? total + quantity : total), 0);
  const isOutput = (name: string): boolean => name.endsWith('output');
  return { input: sum(name => !isOutput(name)), cached: metered['cache_read'] ?? 0, output: sum(isOutput) };
}

/** Undefined: an error, or what the vendor's own SDK cannot make sense of either. */
async function truthOf(source: Source, exchange: Exchange, replay: ReplayServer): Promise<Truth | undefined> {
  if (exchange.status >= 400) return undefined;
  try {
    return await source.truth(exchange, replay);
  } catch {
    return undefined;
  }
}

/** The recording's tools, schema and stream flag: the answer is what is judged. */
function askedBy({ request, streamed }: Exchange, model: string): Asked {
  const tools = ((request['tools'] ?? []) as any[])
    .filter(tool => tool.function)
    .map(({ function: { name, description, parameters: schema } }) => ({ name, description, schema }));
  return { model, stream: streamed, tools, schema: request['response_format']?.json_schema?.schema };
}

function featuresOf({ streamed, status }: Exchange, { schema }: Asked, truth: Truth | undefined): string[] {
  const cached = Object.keys(truth?.dimensions ?? {}).some(name => name.startsWith('cache_'));
  const has: Record<string, boolean> = {
    all: true,
    streams: streamed,
    text: (truth?.content ?? '') !== '',
    tools: (truth?.toolCalls.length ?? 0) > 0,
    'parallel tools': (truth?.toolCalls.length ?? 0) > 1,
    reasoning: (truth?.reasoning ?? '') !== '',
    'json schema': schema !== undefined,
    cache: cached,
    'cut short': truth?.finish === 'length',
    filtered: truth?.finish === 'content_filter',
    errors: truth === undefined || status >= 400,
  };
  return Object.keys(has).filter(name => has[name]);
}

const isRefusedByName = (heard: Answered | Refusal): boolean =>
  'refused' in heard && heard.refused.code === 'unsupported_parameter';

const sameError = (one: any, other: any): boolean => one.status === other.status && one.code === other.code;

const entries = (dimensions: Readonly<Record<string, number>>) =>
  Object.entries(dimensions).map(([name, quantity]) => ({ name, quantity }));

const tokensIn = (dimensions: readonly { name: string; quantity: number }[]) =>
  Object.fromEntries(
    dimensions
      .filter(({ name }) => name !== 'requests' && !name.startsWith('tool_'))
      .map(({ name, quantity }) => [name, quantity])
      .sort(),
  );

/** The difference as Jest tells it; undefined: none. */
function equal(heard: unknown, meant: unknown): unknown {
  try {
    expect(heard).toEqual(meant);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
