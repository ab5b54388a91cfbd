import type { CatalogRows, ModelRow, PriceRow } from './catalog-rows.js';
import type { Channel, EnvironmentChannelSpec, Lane, Model, Price, Route } from './route.js';

/** A row of the channels table with its credential opened, or a channel of the environment. */
export interface ServingChannel {
  readonly channel: Channel;
  /** Model name (or alias) → name upstream; undefined: the same. */
  readonly serves: ReadonlyMap<string, string | undefined>;
}

/** What is known of one model in one lane. */
export interface LaneView {
  /** Undefined: unknown, so that nothing can be charged. */
  readonly price: Price | undefined;
  /** Channels in use that serve the model in this lane, priced or not. */
  readonly serving: readonly Serving[];
  /** Empty when the price is unknown. */
  readonly routes: readonly Route[];
}

export interface ModelEntry {
  readonly row: ModelRow;
  readonly model: Model;
  readonly aliases: readonly string[];
  readonly lanes: Readonly<Record<Lane, LaneView>>;
}

export const LANES: readonly Lane[] = ['direct', 'cheap'];

/** The catalog as it stood at one moment. Immutable, every look-up O(1). */
export class CatalogSnapshot {
  private constructor(
    /** By name, ascending. */
    readonly models: readonly ModelEntry[],
    readonly channels: readonly Channel[],
    private readonly byName: ReadonlyMap<string, ModelEntry>,
  ) {}

  /** @param name a model's name or one of its aliases */
  find(name: string): ModelEntry | undefined {
    return this.byName.get(name);
  }

  /** @param stored enabled channels of the database @param storedCount all of them, whether enabled or not */
  static build(
    rows: Omit<CatalogRows, 'channels'>,
    stored: readonly ServingChannel[],
    storedCount: number,
    environment: readonly EnvironmentChannelSpec[],
  ): CatalogSnapshot {
    const names = namesOf(rows);
    const lasting = environment.filter(spec => !spec.onlyWhenAlone);
    const counting = storedCount + lasting.length > 0 ? lasting : environment;
    const serving = [...stored, ...counting.map(spec => fromEnvironment(spec, rows.models))];
    const channels = channelsByModel(serving, names);
    const prices = new Map(rows.prices.map(price => [`${price.lane} ${price.modelName}`, price]));
    const aliases = aliasesByModel(rows);
    const models = rows.models.map(row => {
      const model = modelOf(row);
      const lane = (name: Lane) =>
        laneView(
          model,
          prices.get(`${name} ${row.name}`),
          channels.get(row.name)?.filter(s => s.channel.lane === name),
        );
      return {
        row,
        model,
        aliases: aliases.get(row.name) ?? [],
        lanes: { direct: lane('direct'), cheap: lane('cheap') },
      };
    });
    const byModel = new Map(models.map(entry => [entry.row.name, entry]));
    const byName = new Map<string, ModelEntry>();
    for (const [name, modelName] of names) {
      const entry = byModel.get(modelName);
      if (entry) byName.set(name, entry);
    }
    return new CatalogSnapshot(
      models,
      serving.map(({ channel }) => channel),
      byName,
    );
  }
}

/** Any name → the model's own. A model's name wins over an alias that says the same. */
function namesOf(rows: Omit<CatalogRows, 'channels'>): ReadonlyMap<string, string> {
  return new Map([
    ...rows.aliases.map(({ alias, modelName }) => [alias, modelName] as const),
    ...rows.models.map(({ name }) => [name, name] as const),
  ]);
}

function aliasesByModel(rows: Omit<CatalogRows, 'channels'>): ReadonlyMap<string, readonly string[]> {
  const aliases = new Map<string, string[]>();
  for (const { alias, modelName } of rows.aliases)
    aliases.set(modelName, [...(aliases.get(modelName) ?? []), alias].sort());
  return aliases;
}

/** A first party serves its vendors' models but those that only hosts do; a host serves what it maps. */
function fromEnvironment(spec: EnvironmentChannelSpec, models: readonly ModelRow[]): ServingChannel {
  const { id, provider, baseUrl, credential, priority, serves } = spec;
  const channel: Channel = {
    ...{ id, name: id, provider, baseUrl, credential, priority },
    ...{ lane: 'direct', weight: 1, options: {}, source: 'env' },
  };
  if ('models' in serves) return { channel, serves: new Map(Object.entries(serves.models)) };
  const own = models.filter(row => serves.vendors.includes(row.vendorId) && row.parameters['hosts_only'] !== true);
  return { channel, serves: new Map(own.map(row => [row.name, undefined])) };
}

export interface Serving {
  readonly channel: Channel;
  readonly upstreamModel: string;
}

function channelsByModel(
  serving: readonly ServingChannel[],
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly Serving[]> {
  const byModel = new Map<string, Serving[]>();
  for (const { channel, serves } of serving) {
    const seen = new Set<string>();
    for (const [name, upstreamModel] of serves) {
      const model = names.get(name);
      // A host may map a model under its name and under an alias: one route, not two.
      if (model === undefined || seen.has(model)) continue;
      seen.add(model);
      const list = byModel.get(model) ?? [];
      list.push({ channel, upstreamModel: upstreamModel ?? model });
      byModel.set(model, list);
    }
  }
  return byModel;
}

function laneView(model: Model, row: PriceRow | undefined, serving: readonly Serving[] = []): LaneView {
  if (row === undefined) return { price: undefined, serving, routes: [] };
  const { id, rates, tiers, serviceTiers } = row;
  const price: Price = { id, rates, tiers, serviceTiers };
  return {
    price,
    serving,
    routes: serving.map(({ channel, upstreamModel }) => ({ channel, model, upstreamModel, price })),
  };
}

function modelOf(row: ModelRow): Model {
  const { name, vendorId, endpointTypes, contextLength, maxOutputTokens, parameters } = row;
  return Object.freeze({ name, vendorId, endpointTypes, contextLength, maxOutputTokens, parameters });
}
