import type { Route } from '../catalog/route.js';
import type { ChannelHealth } from './channel-health.js';
import { RouteOrder } from './route-order.js';

const route = (id: string, more: { priority?: number; lane?: 'direct' | 'cheap'; input?: bigint } = {}): Route => ({
  channel: {
    ...{ id, name: id, provider: 'openai', baseUrl: undefined, credential: undefined, weight: 1 },
    ...{ options: {}, source: 'admin', lane: more.lane ?? 'direct', priority: more.priority ?? 0 },
  },
  model: {
    ...{ name: 'm', vendorId: 'v', endpointTypes: ['chat'], parameters: {} },
    ...{ contextLength: undefined, maxOutputTokens: undefined },
  },
  upstreamModel: 'm',
  price: { id: 'price', rates: { input: more.input ?? 10n, output: 1n }, tiers: [], serviceTiers: {} },
});

describe('the order of routes', () => {
  const resting = new Set<string>();
  const order = new RouteOrder({ rests: (id: string) => resting.has(id) } as unknown as ChannelHealth);
  const ids = (routes: Route[], cheapestFirst = false) =>
    order.order(routes, cheapestFirst, () => 0.5).routes.map(({ channel }) => channel.id);
  afterEach(() => resting.clear());

  it('goes by priority, and what rests comes last', () => {
    const routes = [route('b', { priority: 1 }), route('a')];
    expect(ids(routes)).toEqual(['a', 'b']);
    resting.add('a');
    expect(ids(routes)).toEqual(['b', 'a']);
  });

  it('in the lane auto the cheapest that is healthy comes first, whatever its priority', () => {
    const routes = [route('dear'), route('cheap', { lane: 'cheap', input: 2n, priority: 9 })];
    expect(ids(routes)).toEqual(['dear', 'cheap']);
    expect(ids(routes, true)).toEqual(['cheap', 'dear']);
    resting.add('cheap');
    expect(ids(routes, true)).toEqual(['dear', 'cheap']);
  });
});
