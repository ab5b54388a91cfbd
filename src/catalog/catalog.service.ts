import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { ChangeFeed } from '../database/change-feed.js';
import { PrismaService } from '../database/prisma.service.js';
import { LazuError } from '../errors.js';
import { inTime } from '../workers/in-time.js';
import { NOBODY, type Siblings } from '../workers/siblings.js';
import { topic } from '../workers/topic.js';
import { catalogEntry, listedModel, type CatalogEntry, type ListedModel } from './catalog-entry.js';
import { readRows, type CatalogRows } from './catalog-rows.js';
import { CatalogSnapshot, type ModelEntry } from './catalog-snapshot.js';
import { CredentialBox } from './credential-box.js';
import { ENDPOINT_PATHS, serves } from './endpoints.js';
import { candidatesIn, isAllowed, isServed } from './lanes.js';
import { Refresher } from './refresher.js';
import type { Candidates, Channel, EndpointType, EnvironmentChannelSpec, Lane, Model, Scope } from './route.js';
import { seedCatalog } from './seed/seeding.js';
import { openChannels } from './serving-channels.js';

const NO_ROWS: CatalogRows = { models: [], aliases: [], prices: [], channels: [] };

const CATALOG_NEWS = topic<undefined>('catalog.changed');

/**
 * What may be asked for, from memory: models, prices and channels as the database last said. Follows changes; keeps what it knows
 * while the database is away.
 */
@Injectable()
export class CatalogService implements OnModuleDestroy {
  readonly #logger = new Logger(CatalogService.name);
  readonly #refresher = new Refresher(() => this.#load());
  readonly #unsubscribe: readonly (() => void)[];
  #rows = NO_ROWS;
  #environment: readonly EnvironmentChannelSpec[] = [];
  #snapshot = CatalogSnapshot.build(NO_ROWS, [], 0, []);

  private constructor(
    private readonly prisma: PrismaService,
    private readonly box: CredentialBox,
    feed: ChangeFeed,
    private readonly siblings: Siblings,
  ) {
    const changed = (): void => this.#refresher.soon();
    this.#unsubscribe = [feed.on('catalog', changed), feed.on('channels', changed)];
  }

  /** Seeded and loaded: whoever is given it may ask at once. */
  static async create(
    prisma: PrismaService,
    box: CredentialBox,
    feed: ChangeFeed,
    siblings: Siblings = NOBODY,
  ): Promise<CatalogService> {
    await seedCatalog(prisma);
    const catalog = new CatalogService(prisma, box, feed, siblings);
    await siblings.follow(CATALOG_NEWS, () => inTime(catalog.#refresher.now()));
    await catalog.#load();
    return catalog;
  }

  /**
   * Every route that may serve this request.
   * @throws LazuError model_not_found, price_unavailable, forbidden (a lane the key may not use)
   */
  candidates(scope: Scope, requestedModel: string, endpoint: EndpointType, lane: Lane | undefined): Candidates {
    const entry = this.#find(scope, requestedModel);
    if (!serves(entry.model.endpointTypes, endpoint)) {
      const paths = entry.model.endpointTypes.flatMap(type => ENDPOINT_PATHS[type]).join(', ');
      throw new LazuError('model_not_found', `The model ${requestedModel} is not served here. Call it at ${paths}.`, {
        param: 'model',
      });
    }
    return candidatesIn(scope, entry, lane);
  }

  /** What exists for a key, by name, ascending. */
  list(scope: Scope): readonly ListedModel[] {
    return this.#visible(scope).map(listedModel);
  }

  /** @param name a model or one of its aliases @throws LazuError model_not_found */
  get(scope: Scope, name: string): ListedModel {
    return listedModel(this.#find(scope, name));
  }

  entries(scope: Scope): readonly CatalogEntry[] {
    return this.#visible(scope).map(catalogEntry);
  }

  /** The model that this name or alias stands for, whoever asks; undefined: no such (enabled) model. */
  model(name: string): Model | undefined {
    return this.#snapshot.find(name)?.model;
  }

  /** Its catalog name. */
  resolve(name: string): string | undefined {
    return this.model(name)?.name;
  }

  /** Replaces the channels that the environment makes. */
  setEnvironmentChannels(specs: readonly EnvironmentChannelSpec[]): void {
    this.#environment = specs;
    this.#rebuild();
  }

  /** Every channel that is in use. */
  channels(): readonly Channel[] {
    return this.#snapshot.channels;
  }

  /** Which catalog models a channel in use serves, and by which name it knows them. */
  modelsOf(channelId: string): readonly { readonly model: string; readonly upstreamModel: string }[] {
    return this.#snapshot.models.flatMap(({ row, lanes }) =>
      [lanes.direct, lanes.cheap].flatMap(lane =>
        lane.serving
          .filter(({ channel }) => channel.id === channelId)
          .map(({ upstreamModel }) => ({ model: row.name, upstreamModel })),
      ),
    );
  }

  /**
   * Resolves when a change that is already committed is in force on this host. What is known stays where it cannot be read.
   * @throws LazuError `service_unavailable` when the other processes of this host cannot be told
   */
  async refresh(): Promise<void> {
    await Promise.all([this.#refresher.now(), this.siblings.tell(CATALOG_NEWS, undefined)]);
  }

  async onModuleDestroy(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#refresher.stop();
  }

  #find(scope: Scope, name: string): ModelEntry {
    const entry = this.#snapshot.find(name);
    if (entry && isAllowed(scope, entry) && isServed(scope, entry)) return entry;
    throw new LazuError(
      'model_not_found',
      `The model ${JSON.stringify(name.slice(0, 200))} does not exist for this key. GET /v1/models lists what does.`,
      { param: 'model' },
    );
  }

  #visible(scope: Scope): readonly ModelEntry[] {
    return this.#snapshot.models.filter(entry => isAllowed(scope, entry) && isServed(scope, entry));
  }

  async #load(): Promise<void> {
    this.#rows = await readRows(this.prisma);
    this.#rebuild();
  }

  #rebuild(): void {
    const { channels } = this.#rows;
    const serving = openChannels(channels, this.box, line => this.#logger.error(line));
    this.#snapshot = CatalogSnapshot.build(this.#rows, serving, channels.length, this.#environment);
  }
}
