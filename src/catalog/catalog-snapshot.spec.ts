import { catalogEntry } from './catalog-entry.js';
import type { CatalogRows, ModelRow, PriceRow } from './catalog-rows.js';
import { CatalogSnapshot, type ServingChannel } from './catalog-snapshot.js';
import { candidatesIn, isAllowed, isServed } from './lanes.js';
import type { Channel, EnvironmentChannelSpec, Lane, LanePreference, Scope } from './route.js';

const model = (name: string, vendorId = 'acme', more: Partial<ModelRow> = {}): ModelRow => ({
  name,
  vendorId,
  modality: { input: ['text'], output: ['text'] },
  endpointTypes: ['chat', 'responses'],
  defaultEndpointType: 'chat',
  parameters: {},
  contextLength: 1000,
  maxOutputTokens: 100,
  officialPrices: { input: '2', output: '10' },
  created: 1,
  deprecatedAt: undefined,
  ...more,
});
const price = (modelName: string, lane: Lane, input: bigint): PriceRow => ({
  ...{ id: `price_${modelName}_${lane}`, modelName, lane },
  ...{ rates: { input, output: input * 5n }, tiers: [], serviceTiers: {} },
});
const channel = (id: string, lane: Lane, models: readonly string[]): ServingChannel => ({
  channel: {
    ...{ id, name: id, provider: 'openai-compatible', lane, baseUrl: undefined, credential: undefined },
    ...{ priority: 0, weight: 1, options: {}, source: 'admin' },
  } satisfies Channel,
  serves: new Map(models.map(name => [name, undefined])),
});
const environment = (id: string, more: Partial<EnvironmentChannelSpec>): EnvironmentChannelSpec => ({
  ...{ id, provider: id, baseUrl: undefined, credential: 'secret', priority: 0, serves: { vendors: [] } },
  ...more,
});

const rows: Omit<CatalogRows, 'channels'> = {
  models: [
    model('both'),
    model('open', 'acme', { parameters: { hosts_only: true } }),
    model('plain'),
    model('unpriced'),
  ],
  aliases: [{ alias: 'two-lanes', modelName: 'both' }],
  prices: [
    price('both', 'direct', 2_000_000n),
    price('both', 'cheap', 1_000_000n),
    price('open', 'direct', 3n),
    price('plain', 'direct', 4n),
  ],
};
const stored = [
  channel('first', 'direct', ['both', 'plain', 'unpriced']),
  channel('second', 'direct', ['both']),
  channel('third', 'cheap', ['both', 'plain']),
];
const scope = (acme?: LanePreference, allowed?: string[]): Scope => ({
  allowedModels: allowed && new Set(allowed),
  lanes: acme ? { acme } : {},
});
const build = (specs: EnvironmentChannelSpec[] = [], channels = stored) =>
  CatalogSnapshot.build(rows, channels, channels.length, specs);
const entryOf = (snapshot: CatalogSnapshot, name: string) => {
  const entry = snapshot.find(name);
  if (!entry) throw new Error(`${name} is not there`);
  return entry;
};
const ids = (preference: LanePreference | undefined, name: string, asked?: Lane) =>
  candidatesIn(scope(preference), entryOf(build(), name), asked).routes.map(route => route.channel.id);

describe('lanes', () => {
  it('direct is what a key uses that says nothing', () => {
    expect(ids(undefined, 'both')).toEqual(['first', 'second']);
    expect(ids('direct', 'both', 'direct')).toEqual(['first', 'second']);
  });

  it('cheap takes the cheap lane, and the direct one where there is no cheap price', () => {
    expect(ids('cheap', 'both')).toEqual(['third']);
    expect(ids('cheap', 'plain')).toEqual(['first']);
  });

  it('auto gives both, the cheaper to be tried first', () => {
    expect(ids('auto', 'both')).toEqual(['first', 'second', 'third']);
    expect(candidatesIn(scope('auto'), entryOf(build(), 'both'), undefined).cheapestFirst).toBe(true);
    expect(candidatesIn(scope('direct'), entryOf(build(), 'both'), undefined).cheapestFirst).toBe(false);
  });

  it('a request narrows, and never widens', () => {
    expect(ids('auto', 'both', 'cheap')).toEqual(['third']);
    expect(ids('auto', 'both', 'direct')).toEqual(['first', 'second']);
    expect(ids('cheap', 'both', 'direct')).toEqual(['first', 'second']);
    expect(() => ids('direct', 'both', 'cheap')).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });

  it('routes carry the price of their lane', () => {
    const { routes } = candidatesIn(scope('cheap'), entryOf(build(), 'two-lanes'), undefined);
    expect(routes[0]?.price).toMatchObject({
      id: 'price_both_cheap',
      rates: { input: 1_000_000n, output: 5_000_000n },
    });
  });

  it('trap 7: what has no price is refused, not free', () => {
    expect(() => ids('direct', 'unpriced')).toThrow(
      expect.objectContaining({
        code: 'price_unavailable',
        status: 503,
        message: expect.stringContaining('PUT /api/admin'),
      }),
    );
  });
});

describe('what exists for a key', () => {
  it('what no channel serves does not', () => {
    expect(isServed(scope(), entryOf(build(), 'open'))).toBe(false);
    expect(isServed(scope(), entryOf(build(), 'both'))).toBe(true);
  });

  it('a model that only the cheap lane serves is there for keys that may use it', () => {
    const snapshot = build([], [channel('third', 'cheap', ['both'])]);
    expect(isServed(scope('direct'), entryOf(snapshot, 'both'))).toBe(false);
    expect(isServed(scope('auto'), entryOf(snapshot, 'both'))).toBe(true);
    expect(() => candidatesIn(scope('auto'), entryOf(snapshot, 'both'), 'direct')).toThrow(
      expect.objectContaining({ code: 'upstream_unavailable' }),
    );
  });

  it('names and aliases in the key’s list are the same', () => {
    const entry = entryOf(build(), 'both');
    expect(isAllowed(scope('direct', ['two-lanes']), entry)).toBe(true);
    expect(isAllowed(scope('direct', ['both']), entry)).toBe(true);
    expect(isAllowed(scope('direct', ['plain']), entry)).toBe(false);
    expect(isAllowed(scope('direct', []), entry)).toBe(false);
  });
});

describe('channels of the environment', () => {
  const served = (snapshot: CatalogSnapshot, id: string) =>
    snapshot.models
      .filter(({ lanes }) => lanes.direct.serving.some(({ channel }) => channel.id === id))
      .map(({ row }) => row.name);

  it('a first party serves its vendors’ models but those of hosts', () => {
    const snapshot = build([environment('env:acme', { serves: { vendors: ['acme'] } })], []);
    expect(served(snapshot, 'env:acme')).toEqual(['both', 'plain', 'unpriced']);
  });

  it('a host serves what it maps, by its own names, each once', () => {
    const models = { open: 'hosted/open', 'two-lanes': 'hosted/both', both: 'hosted/both', unknown: 'x' };
    const snapshot = build([environment('env:host', { serves: { models }, priority: 10 })], []);
    expect(served(snapshot, 'env:host')).toEqual(['both', 'open']);
    const [route] = entryOf(snapshot, 'open').lanes.direct.routes;
    expect(route).toMatchObject({
      upstreamModel: 'hosted/open',
      channel: { source: 'env', priority: 10, credential: 'secret' },
    });
  });

  it('the sandbox counts only while it is alone', () => {
    const sandbox = environment('env:sandbox', { serves: { vendors: ['acme'] }, onlyWhenAlone: true });
    const has = (snapshot: CatalogSnapshot) => snapshot.channels.some(({ id }) => id === 'env:sandbox');
    expect(has(build([sandbox], []))).toBe(true);
    expect(has(build([sandbox], stored))).toBe(false);
    expect(has(build([sandbox, environment('env:acme', {})], []))).toBe(false);
    expect(has(CatalogSnapshot.build(rows, [], 1, [sandbox]))).toBe(false);
  });
});

describe('an entry of the catalog', () => {
  it('is what contract §3 shows', () => {
    expect(catalogEntry(entryOf(build(), 'both'))).toEqual({
      model_name: 'both',
      vendor_id: 'acme',
      aliases: ['two-lanes'],
      modality: { input: ['text'], output: ['text'] },
      supported_endpoint_types: ['chat', 'responses'],
      supported_endpoints: ['/v1/chat/completions', '/v1/responses'],
      default_endpoint_type: 'chat',
      parameters: {},
      lanes: [
        { name: 'direct', input_per_mtok: 2, output_per_mtok: 10 },
        { name: 'cheap', input_per_mtok: 1, output_per_mtok: 5 },
      ],
      official_input_price: 2,
      official_output_price: 10,
      official_prices: { input: 2, output: 10 },
      context_length: 1000,
      max_output_tokens: 100,
      created: 1,
      deprecated_at: null,
    });
  });

  it('shows no lane that nothing serves', () => {
    expect(catalogEntry(entryOf(build(), 'plain')).lanes.map(lane => lane.name)).toEqual(['direct']);
  });
});
