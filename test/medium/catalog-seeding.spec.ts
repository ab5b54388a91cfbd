import { readSeed, type SeedFile } from '../../src/catalog/seed/seed-file.js';
import { seedCatalog } from '../../src/catalog/seed/seeding.js';
import { openCatalog, type CatalogBench } from '../support/catalog.js';

const everybody = { allowedModels: undefined, lanes: {} };

/** A seed of one vendor with these models. */
function seedOf(...models: { name: string; input?: string; aliases?: string[] }[]): SeedFile[] {
  return [
    {
      vendor: { id: 'acme', name: 'Acme' },
      sources: [],
      checked: '2026-11-22',
      endpoints: ['chat'],
      models: models.map(({ name, input = '1', aliases = [] }) => ({
        ...{ name, aliases, created: '2026-01-01', input: ['text'], output: ['text'], flags: [] },
        price: { input, output: '2' },
      })),
    },
  ];
}

describe('the default catalog in the database', () => {
  let bench: CatalogBench;

  beforeEach(async () => {
    bench = await openCatalog();
  });
  afterEach(() => bench.close());

  const pricesOf = (modelName: string) => bench.prisma.price.findMany({ where: { modelName }, orderBy: { id: 'asc' } });

  it('is there after the first start, every model with a direct price', async () => {
    const names = readSeed().flatMap(file => file.models.map(model => model.name));
    const rows = await bench.prisma.catalogModel.findMany({ include: { prices: true } });
    expect(rows.map(row => row.name).sort()).toEqual(names.sort());
    expect(rows.filter(row => row.prices.length !== 1 || row.prices[0]?.lane !== 'direct')).toEqual([]);
    expect(rows.every(row => row.source === 'seed')).toBe(true);
    expect(bench.catalog.resolve('claude-sonnet-4-5')).toBe('claude-sonnet-4-5-20250929');
  });

  it('writes nothing when nothing changed', async () => {
    const versions = () => bench.prisma.changeVersion.findMany({ orderBy: { topic: 'asc' } });
    const before = await versions();
    await seedCatalog(bench.prisma);
    expect(await versions()).toEqual(before);
  });

  it('can be brought up by several hosts at once', async () => {
    await bench.prisma.catalogModel.deleteMany();
    await Promise.all([seedCatalog(bench.prisma), seedCatalog(bench.prisma), seedCatalog(bench.prisma)]);
    expect(await pricesOf('gpt-4o')).toHaveLength(1);
  });

  it('gives a changed price a new row and keeps the old one', async () => {
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket' }));
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket', input: '0.5' }));
    const [old, now] = await pricesOf('rocket');
    expect(old).toMatchObject({ rates: { rates: { input: '1000000', output: '2000000' } }, source: 'seed' });
    expect(old?.supersededAt).not.toBeNull();
    expect(now).toMatchObject({ rates: { rates: { input: '500000', output: '2000000' } }, supersededAt: null });
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket', input: '0.5' }));
    expect(await pricesOf('rocket')).toHaveLength(2);
  });

  it('leaves alone what an admin changed', async () => {
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket' }, { name: 'train' }));
    await bench.prisma.catalogModel.update({ where: { name: 'rocket' }, data: { source: 'admin', contextLength: 7 } });
    await bench.prisma.price.updateMany({ where: { modelName: 'train' }, data: { source: 'admin' } });
    await seedCatalog(
      bench.prisma,
      seedOf({ name: 'rocket', input: '9', aliases: ['r'] }, { name: 'train', input: '9' }),
    );
    expect(await bench.prisma.catalogModel.findUnique({ where: { name: 'rocket' } })).toMatchObject({
      contextLength: 7,
    });
    expect(await pricesOf('rocket')).toHaveLength(1);
    expect(await pricesOf('train')).toHaveLength(1);
    expect(await bench.prisma.modelAlias.findUnique({ where: { alias: 'r' } })).toBeNull();
  });

  it('moves aliases with the seed, but never an admin’s', async () => {
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket', aliases: ['latest', 'mine'] }, { name: 'train' }));
    await bench.prisma.catalogModel.create({
      data: { name: 'own', vendorId: 'acme', modality: {}, defaultEndpointType: 'chat', source: 'admin' },
    });
    await bench.prisma.modelAlias.update({ where: { alias: 'mine' }, data: { modelName: 'own' } });
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket' }, { name: 'train', aliases: ['latest', 'mine'] }));
    const aliases = await bench.prisma.modelAlias.findMany({ where: { alias: { in: ['latest', 'mine'] } } });
    expect(Object.fromEntries(aliases.map(row => [row.alias, row.modelName]))).toEqual({
      latest: 'train',
      mine: 'own',
    });
  });

  it('makes no model whose name an admin uses as an alias', async () => {
    await bench.prisma.catalogModel.create({
      data: { name: 'own', vendorId: 'openai', modality: {}, defaultEndpointType: 'chat', source: 'admin' },
    });
    await bench.prisma.modelAlias.create({ data: { alias: 'rocket', modelName: 'own' } });
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket' }));
    expect(await bench.prisma.catalogModel.findUnique({ where: { name: 'rocket' } })).toBeNull();
  });

  it('switches off what the seed drops, unless a channel serves it', async () => {
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket' }, { name: 'train' }));
    await bench.prisma.channel.create({
      data: { id: 'chan_1', name: 'c', provider: 'openai', models: { create: { modelName: 'train' } } },
    });
    await seedCatalog(bench.prisma, seedOf({ name: 'other' }));
    const enabled = async (name: string) => (await bench.prisma.catalogModel.findUnique({ where: { name } }))?.enabled;
    expect([await enabled('rocket'), await enabled('train'), await enabled('gpt-4o')]).toEqual([false, true, false]);
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket' }));
    expect(await enabled('rocket')).toBe(true);
  });

  it('is followed by the snapshot within a second', async () => {
    bench.catalog.setEnvironmentChannels([
      {
        ...{ id: 'env:acme', provider: 'acme', baseUrl: undefined, credential: undefined, priority: 0 },
        serves: { vendors: ['acme'] },
      },
    ]);
    expect(bench.catalog.list(everybody)).toEqual([]);
    await seedCatalog(bench.prisma, seedOf({ name: 'rocket' }));
    const deadline = Date.now() + 1_000;
    while (bench.catalog.list(everybody).length === 0 && Date.now() < deadline)
      await new Promise(r => setTimeout(r, 10));
    const rocket = { id: 'rocket', created: 1767225600, ownedBy: 'acme', endpointTypes: ['chat'] };
    expect(bench.catalog.list(everybody)).toEqual([expect.objectContaining(rocket)]);
  });
});
