import { ModelsService } from '../../src/catalog/models.service.js';
import { PriceRulesService } from '../../src/catalog/price-rules.service.js';
import { PricesService } from '../../src/catalog/prices.service.js';
import { readSeed, type SeedFile } from '../../src/catalog/seed/seed-file.js';
import { seedCatalog } from '../../src/catalog/seed/seeding.js';
import type { Trail } from '../../src/database/trail.js';
import { noting, openCatalog, type CatalogBench, type Noted } from '../support/catalog.js';

let bench: CatalogBench;
let rules: PriceRulesService;
let models: ModelsService;
let prices: PricesService;
let trail: Trail;
let noted: Noted[];

beforeEach(async () => {
  bench = await openCatalog();
  rules = new PriceRulesService(bench.prisma, bench.catalog);
  models = new ModelsService(bench.prisma, bench.catalog);
  prices = new PricesService(bench.prisma, bench.catalog);
  ({ trail, noted } = noting());
  await seedCatalog(bench.prisma, seedOf({ name: 'rocket', input: '3' }, { name: 'train', input: '0.000002' }));
});
afterEach(() => bench.close());

/** A seed of one vendor with these models. */
function seedOf(...all: { name: string; input: string; tiers?: object[] }[]): SeedFile[] {
  return [
    {
      vendor: { id: 'acme', name: 'Acme' },
      sources: [],
      checked: '2026-11-22',
      endpoints: ['chat'],
      models: all.map(({ name, input }) => ({
        ...{ name, aliases: [], created: '2026-01-01', input: ['text'], output: ['text'], flags: [] },
        price: {
          ...{ input, output: '10', tool_web_search: '0.01' },
          tiers: [{ above: 1000, input: '6', output: '20' }],
          service_tiers: { flex: '0.5' },
        },
      })),
    },
  ];
}

const inForce = (modelName: string, lane = 'direct') =>
  bench.prisma.price.findFirst({ where: { modelName, lane, supersededAt: null } });
const history = (modelName: string) => bench.prisma.price.findMany({ where: { modelName }, orderBy: { id: 'asc' } });
const code = (name: string, param?: string): unknown =>
  expect.objectContaining({ code: name, ...(param !== undefined && { param }) });

describe('a rule', () => {
  it('makes new versions of what follows it, exact and whole, and leaves the old ones as they were charged by', async () => {
    const [old] = await history('rocket');
    const made = await rules.put('acme', 'direct', '0.9', trail);
    expect(made).toMatchObject({
      ...{ id: 'acme/direct', object: 'price_rule', vendor_id: 'acme', lane: 'direct', factor: '0.9' },
      changed_prices: 2,
    });
    expect(await inForce('rocket')).toMatchObject({
      source: 'rule',
      factorMillionths: 900_000,
      rates: {
        rates: { input: '2700000', output: '9000000', tool_web_search: '9000000000' },
        tiers: [
          {
            above_input_tokens: 1000,
            rates: { input: '5400000', output: '18000000' },
            service_tiers: { flex: { input: '2700000', output: '9000000' } },
          },
        ],
        service_tiers: { flex: { input: '1350000', output: '4500000', tool_web_search: '9000000000' } },
      },
    });
    expect((await inForce('train'))?.rates).toMatchObject({ rates: { input: '2' } });
    const [before] = await history('rocket');
    expect(before).toEqual({ ...old, supersededAt: expect.any(Date) });
    expect(noted.map(({ action, target }) => `${action} ${target.id}`).sort()).toEqual([
      'price.follow rocket/direct',
      'price.follow train/direct',
      'price_rule.put acme/direct',
    ]);
    expect(noted.find(({ target }) => target.id === 'rocket/direct')).toMatchObject({
      before: { id: old?.id, source: 'seed', input_per_mtok: 3 },
      after: { source: 'rule', factor: '0.9', input_per_mtok: 2.7 },
    });
  });

  it('said again changes nothing', async () => {
    await rules.put('acme', 'direct', '0.9', trail);
    noted.length = 0;
    expect(await rules.put('acme', 'direct', 0.9, trail)).toMatchObject({ factor: '0.9', changed_prices: 0 });
    expect(noted).toEqual([]);
    expect(await history('rocket')).toHaveLength(2);
  });

  it('opens the cheap lane of all models of the vendor, and its end closes it', async () => {
    expect(await inForce('rocket', 'cheap')).toBeNull();
    await rules.put('acme', 'cheap', '0.4', trail);
    expect((await inForce('rocket', 'cheap'))?.rates).toMatchObject({ rates: { input: '1200000' } });
    expect((await inForce('rocket'))?.source).toBe('seed');
    expect(await rules.delete('acme', 'cheap', trail)).toEqual({
      ...{ id: 'acme/cheap', object: 'price_rule', deleted: true, changed_prices: 2 },
    });
    expect(await inForce('rocket', 'cheap')).toBeNull();
    expect(noted.filter(({ action, after }) => action === 'price.follow' && after === null)).toHaveLength(2);
  });

  it('that ends in the direct lane gives the official price back', async () => {
    await rules.put('acme', 'direct', '2', trail);
    await rules.delete('acme', 'direct', trail);
    expect(await inForce('rocket')).toMatchObject({ source: 'seed', factorMillionths: null });
    expect((await inForce('rocket'))?.rates).toMatchObject({ rates: { input: '3000000' } });
    expect(await history('rocket')).toHaveLength(3);
    await expect(rules.delete('acme', 'direct', trail)).rejects.toEqual(code('not_found'));
  });

  it('loses to a price by hand, which follows again when it is deleted', async () => {
    const hand = await prices.put('rocket', 'direct', { input_per_mtok: 1, output_per_mtok: 1 }, trail);
    expect(await rules.put('acme', 'direct', '0.9', trail)).toMatchObject({ changed_prices: 1 });
    expect((await inForce('rocket'))?.id).toBe(hand.id);
    const gone = await prices.delete('rocket', 'direct', trail);
    expect(gone).toMatchObject({ id: hand.id, deleted: true, in_force: { source: 'rule', input_per_mtok: 2.7 } });
    expect(noted.at(-1)).toMatchObject({ action: 'price.delete', before: { id: hand.id }, after: { factor: '0.9' } });
    await expect(prices.delete('rocket', 'direct', trail)).rejects.toEqual(code('not_found'));
    await prices.put('rocket', 'cheap', { input_per_mtok: 1, output_per_mtok: 1 }, trail);
    expect(await prices.delete('rocket', 'cheap', trail)).toMatchObject({ in_force: null });
  });

  it('is what a start with a new seed multiplies', async () => {
    await rules.put('acme', 'direct', '0.5', trail);
    await rules.put('acme', 'cheap', '0.1', trail);
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket', input: '4' }, { name: 'plane', input: '8' }));
    expect((await inForce('rocket'))?.rates).toMatchObject({ rates: { input: '2000000' } });
    expect((await inForce('plane'))?.rates).toMatchObject({ rates: { input: '4000000' } });
    expect((await inForce('plane', 'cheap'))?.rates).toMatchObject({ rates: { input: '800000' } });
    const count = await bench.prisma.price.count();
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket', input: '4' }, { name: 'plane', input: '8' }));
    expect(await bench.prisma.price.count()).toBe(count);
  });

  it('multiplies what an admin says the official price is; trap 7: without one there is no price', async () => {
    await rules.put('acme', 'direct', '0.5', trail);
    await models.put('ship', { vendor_id: 'acme' }, trail);
    expect(await inForce('ship')).toBeNull();
    await models.put('ship', { official_input_price: 2 }, trail);
    expect(await inForce('ship')).toBeNull();
    expect(await models.put('ship', { official_output_price: '4' }, trail)).toMatchObject({
      official_source: 'admin',
      lanes: [{ name: 'direct', source: 'rule', factor: '0.5', input_per_mtok: 1, output_per_mtok: 2 }],
    });
    // A model of the seed keeps what the official price says beyond the two.
    await models.put('rocket', { official_input_price: 4 }, trail);
    expect((await inForce('rocket'))?.rates).toMatchObject({
      rates: { input: '2000000', output: '5000000' },
      tiers: [{ above_input_tokens: 1000 }],
    });
    await models.put('ship', { official_output_price: null }, trail);
    expect(await inForce('ship')).toBeNull();
  });

  it('does not outlive its model, nor does the official price', async () => {
    await rules.put('acme', 'direct', '0.5', trail);
    await models.delete('rocket', trail);
    expect(await inForce('rocket')).toBeNull();
    expect(await rules.put('acme', 'direct', '0.6', trail)).toMatchObject({ changed_prices: 1 });
    const again = await models.put('rocket', { vendor_id: 'acme' }, trail);
    expect(again).toMatchObject({ official_prices: {}, official_source: null, lanes: [] });
  });

  it.each([0, '0', -1, '1000.000001', '0.0000001', 'half', null, Number.NaN])('of %p is refused', async factor => {
    await expect(rules.put('acme', 'direct', factor, trail)).rejects.toEqual(code('invalid_value', 'factor'));
    expect(await rules.list({ after: undefined, take: 9 })).toEqual([]);
  });

  it('for a vendor that makes nothing here is a mistake', async () => {
    await expect(rules.put('akme', 'direct', 1, trail)).rejects.toEqual(code('not_found'));
  });

  it('is listed by vendor and lane', async () => {
    for (const [vendor, lane] of [
      ['openai', 'direct'],
      ['acme', 'direct'],
      ['acme', 'cheap'],
    ] as const) {
      await rules.put(vendor, lane, '1.5', trail);
    }
    const ids = async (after?: string) => (await rules.list({ after, take: 2 })).map(({ id }) => id);
    expect(await ids()).toEqual(['acme/cheap', 'acme/direct']);
    expect(await ids('acme/direct')).toEqual(['openai/direct']);
  });
});

it('rules, prices by hand and models that change at once leave every price in step', async () => {
  await seedCatalog(bench.prisma, readSeed());
  await Promise.all([
    ...['0.5', '0.7', '0.9'].map(factor => rules.put('acme', 'direct', factor, trail)),
    ...[1, 2, 3].map(usd => models.put('rocket', { official_input_price: usd }, trail)),
    ...[5, 6].map(usd => prices.put('train', 'direct', { input_per_mtok: usd, output_per_mtok: usd }, trail)),
    models.put('boat', { vendor_id: 'acme', official_input_price: 1, official_output_price: 1 }, trail),
    rules.put('acme', 'cheap', '0.1', trail),
    seedCatalog(bench.prisma),
  ]);
  const [rule] = await rules
    .list({ after: undefined, take: 9 })
    .then(all => all.filter(({ lane }) => lane === 'direct'));
  for (const name of ['rocket', 'boat']) {
    const { official_prices, lanes } = await models.get(name);
    const [direct, cheap] = lanes;
    expect(direct).toMatchObject({ source: 'rule', factor: rule?.factor });
    expect(direct?.input_per_mtok).toBeCloseTo(Number(official_prices['input']) * Number(rule?.factor), 9);
    expect(cheap).toMatchObject({ factor: '0.1' });
  }
  expect((await inForce('train'))?.source).toBe('admin');
});
