import { CatalogService } from '../../src/catalog/catalog.service.js';
import { ChannelsService, type ChannelChanges } from '../../src/catalog/channels.service.js';
import { CredentialBox } from '../../src/catalog/credential-box.js';
import { ModelsService } from '../../src/catalog/models.service.js';
import { PricesService } from '../../src/catalog/prices.service.js';
import { seedCatalog } from '../../src/catalog/seed/seeding.js';
import { noting, openCatalog, type CatalogBench, type Noted } from '../support/catalog.js';
import type { Trail } from '../../src/database/trail.js';

const SECRET = 'sk-upstream-secret-0123456789';
const everybody = { allowedModels: undefined, lanes: {} };
const anything = (): void => undefined;

let bench: CatalogBench;
let channels: ChannelsService;
let models: ModelsService;
let prices: PricesService;
let trail: Trail;
let noted: Noted[];

beforeEach(async () => {
  bench = await openCatalog();
  channels = new ChannelsService(bench.prisma, bench.catalog, bench.box);
  models = new ModelsService(bench.prisma, bench.catalog);
  prices = new PricesService(bench.prisma, bench.catalog);
  ({ trail, noted } = noting());
});
afterEach(() => bench.close());

const create = (more: Partial<ChannelChanges> = {}) =>
  channels.create(
    { name: 'main', provider: 'openai', credential: SECRET, models: [{ model: 'gpt-4o' }], ...more },
    anything,
    trail,
  );
const code = (name: string): unknown => expect.objectContaining({ code: name });
const listed = () => bench.catalog.list(everybody).map(model => model.id);

describe('channels', () => {
  it('serve as soon as they are made, with the credential in memory alone', async () => {
    const view = await create({
      models: [{ model: 'gpt-4o', upstream_model: 'my-gpt' }, { model: 'claude-haiku-4-5' }],
    });
    expect(listed()).toEqual(['claude-haiku-4-5-20251001', 'gpt-4o']);
    const { routes } = bench.catalog.candidates(everybody, 'gpt-4o-2024-08-06', 'chat', undefined);
    expect(routes).toEqual([
      expect.objectContaining({
        upstreamModel: 'my-gpt',
        channel: expect.objectContaining({ id: view.id, credential: SECRET }),
      }),
    ]);
    expect(view).toMatchObject({ has_credential: true, source: 'admin', lane: 'direct', priority: 0, weight: 1 });
    expect(JSON.stringify([view, noted, await channels.get(view.id)])).not.toContain(SECRET);
    const stored = await bench.prisma.$queryRaw<{ row: string }[]>`SELECT c::text AS row FROM channels c`;
    expect(JSON.stringify(stored)).not.toContain(Buffer.from(SECRET).toString('hex'));
  });

  it('change, and say so', async () => {
    const { id } = await create();
    const after = await channels.update(id, { enabled: false, base_url: 'http://127.0.0.1:9/v1/' }, anything, trail);
    expect(after).toMatchObject({ enabled: false, base_url: 'http://127.0.0.1:9/v1', has_credential: true });
    expect(listed()).toEqual([]);
    expect(noted.map(({ action, target }) => [action, target.id])).toEqual([
      ['channel.create', id],
      ['channel.update', id],
    ]);
    expect(noted[1]).toMatchObject({ before: { enabled: true }, after: { enabled: false } });
    await channels.update(id, { enabled: true, credential: { a: 'b' }, models: [{ model: 'o1' }] }, anything, trail);
    expect(listed()).toEqual(['o1']);
    expect(noted[2]?.after).toMatchObject({ credential_changed: true });
    expect(await channels.trial(id, undefined)).toMatchObject({
      channel: { credential: { a: 'b' } },
      upstreamModel: 'o1',
    });
    await channels.update(id, { credential: null, base_url: null }, anything, trail);
    expect(await channels.get(id)).toMatchObject({ has_credential: false, base_url: null });
    await channels.delete(id, trail);
    expect(listed()).toEqual([]);
    await expect(channels.get(id)).rejects.toEqual(code('not_found'));
    await expect(channels.delete(id, trail)).rejects.toEqual(code('not_found'));
  });

  it('are written whole or not at all', async () => {
    await expect(create({ models: [{ model: 'gpt-4o' }, { model: 'nope' }] })).rejects.toEqual(
      expect.objectContaining({ code: 'invalid_value', param: 'models.1.model' }),
    );
    await expect(create({ models: [{ model: 'gpt-4o' }, { model: 'gpt-4o-2024-08-06' }] })).rejects.toEqual(
      expect.objectContaining({ param: 'models.1.model' }),
    );
    const refuse = (): void => {
      throw new Error('the provider says no');
    };
    await expect(channels.create({ name: 'x', provider: 'y' }, refuse, trail)).rejects.toThrow('says no');
    await expect(
      channels.create({ name: 'x', provider: 'y' }, anything, () => Promise.reject(new Error('no audit'))),
    ).rejects.toThrow();
    expect(await bench.prisma.channel.count()).toBe(0);
  });

  it('page from the newest, the environment’s first', async () => {
    const made = [];
    for (const name of ['a', 'b', 'c']) made.unshift((await create({ name })).id);
    bench.catalog.setEnvironmentChannels([
      {
        ...{ id: 'env:openai', provider: 'openai', baseUrl: undefined, credential: SECRET, priority: 0 },
        serves: { vendors: ['openai'] },
      },
    ]);
    const all = await channels.list({ after: undefined, take: 10 });
    expect(all.map(view => view.id)).toEqual(['env:openai', ...made]);
    expect(all[0]).toMatchObject({ source: 'env', has_credential: true, created_at: null });
    expect(all[0]?.models).toContainEqual({ model: 'gpt-4o', upstream_model: 'gpt-4o' });
    expect(JSON.stringify(all)).not.toContain(SECRET);
    const page = async (after: string | undefined, take: number) =>
      (await channels.list({ after, take })).map(view => view.id);
    expect(await page(undefined, 2)).toEqual(['env:openai', made[0]]);
    expect(await page('env:openai', 2)).toEqual([made[0], made[1]]);
    expect(await page(made[1], 2)).toEqual([made[2]]);
    await expect(channels.update('env:openai', { enabled: false }, anything, trail)).rejects.toEqual(code('conflict'));
    await expect(channels.delete('env:openai', trail)).rejects.toEqual(code('conflict'));
  });

  it('go out of use when their credential does not open, the others stay', async () => {
    const { id } = await create({ name: 'lost' });
    await create({ name: 'fine', models: [{ model: 'o1' }] });
    const elsewhere = new CredentialBox(Buffer.alloc(32, 1));
    const sealed = elsewhere.seal('"x"', id);
    await bench.prisma.channel.update({
      where: { id },
      data: { credentialCiphertext: sealed.ciphertext, credentialKeyId: sealed.keyId },
    });
    await bench.catalog.refresh();
    expect(listed()).toEqual(['o1']);
    await expect(channels.trial(id, undefined)).rejects.toEqual(code('invalid_value'));
    await channels.update(id, { credential: 'new' }, anything, trail);
    expect(listed()).toEqual(['gpt-4o', 'o1']);
  });
});

describe('models', () => {
  it('are made with a price that defaults to the official one', async () => {
    const view = await models.put(
      'acme/llama:7b',
      { vendor_id: 'acme', aliases: ['my-llama'], official_input_price: 0.1, official_output_price: '0.25' },
      trail,
    );
    expect(view).toMatchObject({
      model_name: 'acme/llama:7b',
      aliases: ['my-llama'],
      supported_endpoint_types: ['chat'],
      official_prices: { input: '0.1', output: '0.25' },
      lanes: [{ name: 'direct', source: 'seed', input_per_mtok: 0.1, output_per_mtok: 0.25 }],
      source: 'admin',
    });
    await create({ models: [{ model: 'my-llama', upstream_model: 'llama' }] });
    expect(bench.catalog.candidates(everybody, 'my-llama', 'chat', undefined).model.name).toBe('acme/llama:7b');
    await models.put('acme/llama:7b', { official_input_price: 0.2, official_output_price: 0.25 }, trail);
    expect(bench.catalog.entries(everybody)[0]?.lanes).toEqual([
      { name: 'direct', input_per_mtok: 0.2, output_per_mtok: 0.25 },
    ]);
    await expect(models.put('other', {}, trail)).rejects.toEqual(
      expect.objectContaining({ code: 'missing_required_parameter', param: 'vendor_id' }),
    );
  });

  it('without any price are refused, not free', async () => {
    await models.put('quiet', { vendor_id: 'acme' }, trail);
    await create({ models: [{ model: 'quiet' }] });
    expect(() => bench.catalog.candidates(everybody, 'quiet', 'chat', undefined)).toThrow(
      expect.objectContaining({ code: 'price_unavailable' }),
    );
  });

  it('change field by field, become the admin’s, and no seed touches them again', async () => {
    await create();
    await models.put('gpt-4o', { enabled: false }, trail);
    expect(listed()).toEqual([]);
    expect(await models.get('gpt-4o')).toMatchObject({
      enabled: false,
      source: 'admin',
      aliases: ['gpt-4o-2024-08-06'],
    });
    await seedCatalog(bench.prisma);
    expect(await models.get('gpt-4o')).toMatchObject({ enabled: false });
    await models.put('gpt-4o', { enabled: true, context_length: null }, trail);
    expect(listed()).toEqual(['gpt-4o']);
    expect(noted.at(-1)).toMatchObject({
      action: 'model.update',
      before: { enabled: false },
      after: { enabled: true },
    });
  });

  it('cannot share a name or alias', async () => {
    const put = (name: string, aliases?: string[]) => models.put(name, { vendor_id: 'acme', aliases }, trail);
    await put('one', ['first']);
    await expect(put('two', ['first'])).rejects.toEqual(code('conflict'));
    await expect(put('two', ['one'])).rejects.toEqual(code('conflict'));
    await expect(put('first')).rejects.toEqual(code('conflict'));
    await expect(models.get('two')).rejects.toEqual(code('model_not_found'));
    const both = await Promise.allSettled([put('left', ['same']), put('right', ['same'])]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(result => result.status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
    await put('one', []);
    await put('two', ['first']);
  });

  it('stay deleted, free their names, and can be made anew', async () => {
    await create();
    await models.delete('gpt-4o', trail);
    await expect(models.get('gpt-4o')).rejects.toEqual(code('model_not_found'));
    await expect(models.delete('gpt-4o', trail)).rejects.toEqual(code('model_not_found'));
    await seedCatalog(bench.prisma);
    expect(bench.catalog.resolve('gpt-4o')).toBeUndefined();
    expect(bench.catalog.resolve('gpt-4o-2024-08-06')).toBeUndefined();
    expect(await bench.prisma.price.count({ where: { modelName: 'gpt-4o' } })).toBe(1);
    const again = await models.put('gpt-4o', { vendor_id: 'openai' }, trail);
    expect(again).toMatchObject({ lanes: [], context_length: null, official_input_price: null });
    expect((await models.list({ after: 'gpt-4.1-nano', take: 1 })).map(view => view.id)).toEqual(['gpt-4o']);
  });
});

describe('prices', () => {
  it('are versioned and in force when the call answers', async () => {
    await create();
    const first = await prices.put('gpt-4o', 'direct', { input_per_mtok: 0.14, output_per_mtok: '0.56' }, trail);
    expect(first).toMatchObject({
      model: 'gpt-4o',
      lane: 'direct',
      input_per_mtok: 0.14,
      output_per_mtok: 0.56,
      source: 'admin',
    });
    const route = () => bench.catalog.candidates(everybody, 'gpt-4o', 'chat', undefined).routes[0];
    expect(route()?.price).toMatchObject({
      id: first.id,
      rates: { input: 140_000n, output: 560_000n },
    });
    const same = await prices.put('gpt-4o', 'direct', { input_per_mtok: '0.140', output_per_mtok: 0.56 }, trail);
    expect(same.id).toBe(first.id);
    const second = await prices.put(
      'gpt-4o',
      'direct',
      {
        ...{ input_per_mtok: 1, output_per_mtok: 2, cache_read_per_mtok: '0.000001', per_request: 0.001 },
        tiers: [{ above_input_tokens: 1000, input_per_mtok: 2 }],
        service_tiers: { flex: { input_per_mtok: 0.5 } },
      },
      trail,
    );
    expect(route()?.price).toMatchObject({
      id: second.id,
      rates: { cache_read: 1n, requests: 1_000_000_000n },
      tiers: [{ aboveInputTokens: 1000, rates: { input: 2_000_000n } }],
      serviceTiers: { flex: { input: 500_000n } },
    });
    expect(noted.filter(({ action }) => action === 'price.put')).toHaveLength(2);
    expect(noted.at(-1)).toMatchObject({
      target: { id: 'gpt-4o/direct' },
      before: { id: first.id },
      after: { id: second.id },
    });
    await seedCatalog(bench.prisma);
    expect(await bench.prisma.price.count({ where: { modelName: 'gpt-4o' } })).toBe(3);
  });

  it('open the cheap lane', async () => {
    await create();
    await create({ name: 'cheap', lane: 'cheap' });
    const cheap = { allowedModels: undefined, lanes: { openai: 'cheap' as const } };
    const lane = () =>
      bench.catalog.candidates(cheap, 'gpt-4o', 'chat', undefined).routes.map(route => route.channel.lane);
    expect(lane()).toEqual(['direct']);
    await prices.put('gpt-4o', 'cheap', { input_per_mtok: 1, output_per_mtok: 2 }, trail);
    expect(lane()).toEqual(['cheap']);
  });

  it.each([
    [{ input_per_mtok: 1 }, 'missing_required_parameter', 'output_per_mtok'],
    [{ input_per_mtok: -1, output_per_mtok: 1 }, 'invalid_value', 'input_per_mtok'],
    [{ input_per_mtok: 0.0000001, output_per_mtok: 1 }, 'invalid_value', 'input_per_mtok'],
    [{ input_per_mtok: 1, output_per_mtok: 1, thinking_per_mtok: 1 }, 'unsupported_parameter', 'thinking_per_mtok'],
    [{ input_per_mtok: 1, output_per_mtok: 1, service_tiers: { flex: 1 } }, 'invalid_request', 'service_tiers.flex'],
    [
      { input_per_mtok: 1, output_per_mtok: 1, tiers: [{ above_input_tokens: 5, output_per_mtok: 'x' }] },
      'invalid_value',
      'tiers.0.output_per_mtok',
    ],
    [
      { input_per_mtok: 1, output_per_mtok: 1, tiers: [{ above_input_tokens: 5 }, { above_input_tokens: 5 }] },
      'invalid_value',
      'tiers',
    ],
  ])('%j is %s at %s', async (body, error, param) => {
    await expect(prices.put('gpt-4o', 'direct', body, trail)).rejects.toEqual(
      expect.objectContaining({ code: error, param }),
    );
    await expect(prices.put('none', 'direct', { input_per_mtok: 1, output_per_mtok: 1 }, trail)).rejects.toEqual(
      code('model_not_found'),
    );
  });

  it('of what is not talked to may be per call alone', async () => {
    await models.put('painter', { vendor_id: 'acme', supported_endpoint_types: ['images'] }, trail);
    expect(await prices.put('painter', 'direct', { per_request: '0.04' }, trail)).toMatchObject({ per_request: 0.04 });
  });
});

describe('the snapshot', () => {
  it('follows another host within a second', async () => {
    const elsewhere = await CatalogService.create(bench.prisma, bench.box, bench.feed);
    try {
      await create();
      const deadline = Date.now() + 1_000;
      while (elsewhere.list(everybody).length === 0 && Date.now() < deadline) await new Promise(r => setTimeout(r, 10));
      expect(elsewhere.list(everybody).map(model => model.id)).toEqual(['gpt-4o']);
    } finally {
      await elsewhere.onModuleDestroy();
    }
  });

  it('trap 18: stays as it was while the database is away', async () => {
    await create();
    await bench.prisma.$executeRaw`ALTER TABLE models RENAME TO models_elsewhere`;
    await bench.catalog.refresh();
    expect(listed()).toEqual(['gpt-4o']);
    await bench.prisma.$executeRaw`ALTER TABLE models_elsewhere RENAME TO models`;
    await bench.catalog.refresh();
    expect(listed()).toEqual(['gpt-4o']);
  });

  it('says where a model is served when it is not served here', async () => {
    await create({ models: [{ model: 'text-embedding-3-small' }] });
    expect(() => bench.catalog.candidates(everybody, 'text-embedding-3-small', 'chat', undefined)).toThrow(
      expect.objectContaining({ code: 'model_not_found', message: expect.stringContaining('/v1/embeddings') }),
    );
    expect(() => bench.catalog.candidates(everybody, 'gpt-4o', 'chat', undefined)).toThrow(
      code('model_not_found') as Error,
    );
  });
});
