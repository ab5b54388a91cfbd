import { syncOnly } from '../../src/admin/sync-only.js';
import { ModelsService } from '../../src/catalog/models.service.js';
import { PriceRulesService } from '../../src/catalog/price-rules.service.js';
import { PricesService } from '../../src/catalog/prices.service.js';
import { readSeed, type SeedFile } from '../../src/catalog/seed/seed-file.js';
import { seedCatalog } from '../../src/catalog/seed/seeding.js';
import { compareWithPackage, takeFromPackage, type SyncOptions } from '../../src/catalog/sync/price-sync.js';
import type { Quote, Quotes } from '../../src/catalog/sync/quote.js';
import { quotedTerms } from '../../src/catalog/sync/quoted-terms.js';
import { reportText } from '../../src/catalog/sync/report-text.js';
import { loadConfig } from '../../src/config.js';
import type { Trail } from '../../src/database/trail.js';
import { noting, openCatalog, type CatalogBench, type Noted } from '../support/catalog.js';

let bench: CatalogBench;
let models: ModelsService;
let trail: Trail;
let noted: Noted[];

/** A package that says this of these models of a vendor of the seed, and knows no other. */
function saying(prices: Record<string, Parameters<typeof quotedTerms>[0]>, guesses: readonly string[] = []): Quotes {
  return {
    of: (source, name): Quote => {
      const price = source === 'openai' ? prices[name] : undefined;
      if (price === undefined) return { kind: 'unpriced', reason: 'The package does not know this model.' };
      const terms = quotedTerms(price);
      if (typeof terms === 'string') return { kind: 'unpriced', reason: terms };
      return { kind: 'priced', as: name, isGuess: guesses.includes(name), terms };
    },
  };
}

/** The default catalog's file of this vendor, changed. */
const seedOf = (change: (file: SeedFile) => Partial<SeedFile>): SeedFile[] =>
  readSeed().map(file => (file.vendor.id === 'openai' ? { ...file, ...change(file) } : file));

beforeEach(async () => {
  bench = await openCatalog();
  models = new ModelsService(bench.prisma, bench.catalog);
  ({ trail, noted } = noting());
});
afterEach(() => bench.close());

const compare = (quotes: Quotes, options: SyncOptions = {}) => compareWithPackage(bench.prisma, options, quotes);
const apply = (quotes: Quotes, options: SyncOptions = {}) => takeFromPackage(bench.prisma, options, trail, quotes);
const entry = async (report: ReturnType<typeof compare>, model: string) =>
  (await report).data.find(one => one.model === model);
const inForce = (modelName: string, lane = 'direct') =>
  bench.prisma.price.findFirst({ where: { modelName, lane, supersededAt: null } });

/** gpt-4o costs 2.5, cached 1.25, out 10, with batch at half and priority at 1.7 of it. */
const cheaper = saying({ 'gpt-4o': { input_mtok: 2, cache_read_mtok: 1, output_mtok: 8 } });

describe('a sync of official prices', () => {
  it('reports, model by model, old and new, and writes nothing', async () => {
    const rows = () => Promise.all([bench.prisma.price.count(), bench.prisma.changeVersion.findMany()]);
    const before = await rows();
    const report = await compare(cheaper);
    expect(report).toMatchObject({
      object: 'price_sync',
      source: expect.stringMatching(/^@pydantic\/genai-prices \d+\.\d+\.\d+$/),
      applied: false,
      summary: { changes: 1, held: 0, same: 0 },
    });
    expect(report.summary.left_alone).toBe(report.data.length - 1);
    expect(report.data.find(({ model }) => model === 'gpt-4o')).toEqual({
      ...{ model: 'gpt-4o', vendor_id: 'openai', status: 'changes', reason: null, quoted_as: 'gpt-4o', notes: [] },
      official: expect.arrayContaining([
        { field: 'input_per_mtok', from: '2.5', to: '2' },
        { field: 'output_per_mtok', from: '10', to: '8' },
        { field: 'service_tiers.batch.input_per_mtok', from: '1.25', to: '1' },
        { field: 'service_tiers.priority.output_per_mtok', from: '17', to: '13.6' },
      ]),
      prices: [
        {
          ...{ lane: 'direct', factor: null },
          changes: expect.arrayContaining([{ field: 'input_per_mtok', from: '2.5', to: '2' }]),
        },
      ],
    });
    expect(await rows()).toEqual(before);
    expect(reportText(report)).toMatch(/^ {2}gpt-4o +official +input_per_mtok +2\.5 +→ {2}2$/m);
  });

  it('makes new versions of official and sell prices at once, with their audit, and running hosts follow', async () => {
    const rules = new PriceRulesService(bench.prisma, bench.catalog);
    await rules.put('openai', 'direct', '1.5', trail);
    await rules.put('openai', 'cheap', '0.5', trail);
    noted.length = 0;
    const old = await inForce('gpt-4o');
    const report = await apply(cheaper);
    expect(report).toMatchObject({ applied: true, summary: { changes: 1 } });
    expect(await entry(Promise.resolve(report), 'gpt-4o')).toMatchObject({
      prices: [
        { lane: 'direct', factor: '1.5', changes: expect.arrayContaining([expect.objectContaining({ to: '3' })]) },
        { lane: 'cheap', factor: '0.5', changes: expect.arrayContaining([expect.objectContaining({ to: '4' })]) },
      ],
    });
    expect((await inForce('gpt-4o'))?.rates).toMatchObject({ rates: { input: '3000000', output: '12000000' } });
    expect((await inForce('gpt-4o', 'cheap'))?.rates).toMatchObject({
      rates: { input: '1000000', cache_read: '500000' },
    });
    expect(await bench.prisma.price.findUnique({ where: { id: old!.id } })).toEqual({
      ...old,
      supersededAt: expect.any(Date),
    });
    expect(noted.map(({ action, target }) => `${action} ${target.id}`).sort()).toEqual([
      'model.sync gpt-4o',
      'price.follow gpt-4o/cheap',
      'price.follow gpt-4o/direct',
    ]);
    expect(noted.find(({ action }) => action === 'model.sync')).toMatchObject({
      before: { input_per_mtok: 2.5 },
      after: { input_per_mtok: 2, service_tiers: { batch: { input_per_mtok: 1 } } },
    });
    expect(await models.get('gpt-4o')).toMatchObject({ official_source: 'sync', official_input_price: 2 });
    // The change feed alone: nobody has told this host.
    bench.catalog.setEnvironmentChannels([
      {
        ...{ id: 'env:openai', provider: 'openai', baseUrl: undefined, credential: undefined, priority: 0 },
        serves: { vendors: ['openai'] },
      },
    ]);
    const route = () => bench.catalog.candidates({ allowedModels: undefined, lanes: {} }, 'gpt-4o', 'chat', undefined);
    const deadline = Date.now() + 5_000;
    while (route().routes[0]?.price.rates.input !== 3_000_000n && Date.now() < deadline)
      await new Promise(resolve => setTimeout(resolve, 10));
    expect(route().routes[0]?.price.rates).toMatchObject({ input: 3_000_000n });
    expect(await compare(cheaper)).toMatchObject({ summary: { changes: 0, same: 1 } });
  });

  it('trap 7: holds jumps, what becomes free and guesses until they are accepted by name', async () => {
    const quotes = saying(
      {
        'gpt-4o': { input_mtok: 0.25, output_mtok: 10 },
        'gpt-4o-mini': { input_mtok: 0, output_mtok: 0 },
        'gpt-4.1': { input_mtok: 1, output_mtok: 8 },
        'gpt-5': { input_mtok: 1, output_mtok: 10 },
        'omni-moderation-latest': {},
      },
      ['gpt-4.1'],
    );
    const report = await apply(quotes);
    expect(report.summary).toMatchObject({ changes: 1, held: 3 });
    expect(report.data.filter(({ status }) => status === 'held').map(({ model, reason }) => [model, reason])).toEqual([
      ['gpt-4.1', 'the package knows it only by a pattern, as gpt-4.1'],
      ['gpt-4o', expect.stringContaining('input_per_mtok goes from 2.5 to 0.25')],
      ['gpt-4o-mini', expect.stringContaining('input_per_mtok becomes free')],
    ]);
    expect(await entry(Promise.resolve(report), 'omni-moderation-latest')).toMatchObject({
      ...{ status: 'left_alone', reason: expect.stringContaining('no price') },
    });
    for (const [model, input] of [
      ['gpt-4o', '2500000'],
      ['gpt-4o-mini', '150000'],
      ['gpt-5', '1000000'],
    ] as const) {
      expect((await inForce(model))?.rates).toMatchObject({ rates: { input } });
    }
    const accepted = await apply(quotes, { accept: ['gpt-4o'] });
    expect(accepted.summary).toMatchObject({ changes: 1, held: 2 });
    expect((await inForce('gpt-4o'))?.rates).toMatchObject({ rates: { input: '250000' } });
    await expect(apply(quotes, { accept: ['gpt-4o-typo'] })).rejects.toMatchObject({ code: 'model_not_found' });
  });

  it('leaves alone what was said by hand, what hosts sell and what the package does not know', async () => {
    await models.put('gpt-4o', { official_input_price: 9 }, trail);
    await models.put('gpt-4o-mini', { context_length: 7 }, trail);
    await new PricesService(bench.prisma, bench.catalog).put(
      'gpt-4o-mini',
      'direct',
      { input_per_mtok: 1, output_per_mtok: 1 },
      trail,
    );
    const quotes = saying({
      'gpt-4o': { input_mtok: 2, output_mtok: 8 },
      'gpt-4o-mini': { input_mtok: 0.1, output_mtok: 0.6, storage_searches_kcount: 2.5 },
      'gpt-oss-20b': { input_mtok: 0.07, output_mtok: 0.3 },
    });
    const report = Promise.resolve(await apply(quotes));
    expect(await entry(report, 'gpt-4o')).toMatchObject({
      status: 'left_alone',
      reason: expect.stringContaining('hand'),
    });
    expect(await entry(report, 'gpt-oss-20b')).toMatchObject({ reason: expect.stringContaining('Hosts') });
    expect(await entry(report, 'claude-haiku-4-5-20251001')).toMatchObject({
      ...{ status: 'left_alone', reason: expect.stringContaining('does not know') },
    });
    // The official price is the vendor's, the sell price is the admin's.
    expect(await entry(report, 'gpt-4o-mini')).toMatchObject({
      ...{ status: 'changes', prices: [] },
      notes: ['no dimension here for storage_searches_kcount', 'the direct price was set by hand and stays'],
    });
    expect(await models.get('gpt-4o-mini')).toMatchObject({ official_input_price: 0.1, context_length: 7 });
    expect((await inForce('gpt-4o-mini'))?.rates).toMatchObject({ rates: { input: '1000000' } });
    expect((await inForce('gpt-4o'))?.rates).toMatchObject({ rates: { input: '9000000' } });
  });

  it('gives a model its first price, whole or not at all', async () => {
    await models.put('gpt-next', { vendor_id: 'openai' }, trail);
    expect((await apply(saying({ 'gpt-next': { input_mtok: 1 } }))).summary).toMatchObject({ changes: 0, held: 0 });
    expect(await inForce('gpt-next')).toBeNull();
    const quotes = saying({ 'gpt-next': { input_mtok: { base: 1, tiers: [{ start: 9, price: 2 }] }, output_mtok: 3 } });
    expect((await apply(quotes)).summary).toMatchObject({ changes: 1 });
    expect((await inForce('gpt-next'))?.rates).toEqual({
      rates: { input: '1000000', output: '3000000' },
      tiers: [{ above_input_tokens: 9, rates: { input: '2000000' } }],
    });
  });

  it('says it anew when an admin takes back what was said by hand', async () => {
    await models.put('gpt-4o', { official_input_price: 9 }, trail);
    expect((await apply(cheaper)).summary).toMatchObject({ changes: 0 });
    const taken = await models.put('gpt-4o', { official_input_price: null, official_output_price: null }, trail);
    expect(taken).toMatchObject({ official_prices: {}, official_source: null, lanes: [] });
    expect((await apply(cheaper)).summary).toMatchObject({ changes: 1 });
    expect((await inForce('gpt-4o'))?.rates).toEqual({
      rates: { input: '2000000', cache_read: '1000000', output: '8000000' },
    });
  });

  it('stays over starts, until a seed that was compared with its sources since', async () => {
    await apply(cheaper);
    const input = async () => (await models.get('gpt-4o')).official_input_price;
    await seedCatalog(
      bench.prisma,
      seedOf(() => ({ endpoints: ['chat'] })),
    );
    expect(await input()).toBe(2);
    expect((await inForce('gpt-4o'))?.rates).toMatchObject({ rates: { input: '2000000' } });
    const tomorrow = new Date(Date.now() + 24 * 60 * 60_000).toISOString().slice(0, 10);
    await seedCatalog(
      bench.prisma,
      seedOf(() => ({ checked: tomorrow })),
    );
    expect(await input()).toBe(2.5);
    expect(await models.get('gpt-4o')).toMatchObject({ official_source: 'seed', lanes: [{ input_per_mtok: 2.5 }] });
  });

  it('of some models only touches no other', async () => {
    const quotes = saying({ 'gpt-4o': { input_mtok: 2 }, 'gpt-4o-mini': { input_mtok: 0.1 } });
    const report = await apply(quotes, { models: ['gpt-4o-mini'] });
    expect(report.data.map(({ model }) => model)).toEqual(['gpt-4o-mini']);
    expect((await inForce('gpt-4o'))?.rates).toMatchObject({ rates: { input: '2500000' } });
  });

  it('with the installed package explains every model of the catalog, and applied twice changes nothing', async () => {
    const config = loadConfig({ DATABASE_URL: bench.url });
    const first = await syncOnly(config, { apply: false });
    expect(first.data).toHaveLength(await bench.prisma.catalogModel.count());
    expect(first.summary.same + first.summary.changes).toBeGreaterThan(80);
    for (const { status, reason } of first.data) {
      if (status === 'held' || status === 'left_alone') expect(reason).not.toBeNull();
    }
    const done = await syncOnly(config, { apply: true });
    expect(done.data).toEqual(first.data);
    const again = await syncOnly(config, { apply: true });
    expect(again.summary).toEqual({ ...done.summary, changes: 0, same: done.summary.same + done.summary.changes });
    const events = await bench.prisma.auditEvent.findMany({ where: { action: 'model.sync' } });
    expect(events).toHaveLength(done.summary.changes);
    for (const { actorName } of events) expect(actorName).toBe('npm run prices:sync');
  });
});
