import { CALL_DIMENSIONS, TOKEN_DIMENSIONS } from '../../protocols/usage.js';
import {
  anyObject,
  exactly,
  flag,
  integer,
  listOf,
  mapOf,
  moment,
  nullable,
  number,
  object,
  oneOf,
  ref,
  text,
  type Schema,
} from './schema.js';

const lane = oneOf(['direct', 'cheap']);
const modality: Schema = object({ input: listOf(text()), output: listOf(text()) });
const usd = number('USD per million tokens.');

/** Field of a price per dimension, as `catalog/price-usd.ts` spells them. */
const RATES: Readonly<Record<string, Schema>> = Object.fromEntries([
  ...TOKEN_DIMENSIONS.map(name => [`${name}_per_mtok`, usd] as const),
  ...CALL_DIMENSIONS.map(
    name => [name === 'requests' ? 'per_request' : `per_${name}`, number('USD per call.')] as const,
  ),
]);
const serviceTiers = mapOf(mapOf(number()), '`flex`, `priority` …: rates that replace those they name.');

const terms: Readonly<Record<string, Schema>> = {
  ...RATES,
  tiers: listOf(
    object(
      {
        above_input_tokens: integer('Above so many input tokens these rates replace those they name.'),
        ...RATES,
        service_tiers: serviceTiers,
      },
      [...Object.keys(RATES), 'service_tiers'],
    ),
  ),
  service_tiers: serviceTiers,
};
const OPTIONAL_TERMS = Object.keys(terms).filter(name => name !== 'input_per_mtok' && name !== 'output_per_mtok');

const priced = (head: Readonly<Record<string, Schema>>): Schema => object({ ...head, ...terms }, OPTIONAL_TERMS);

const model: Readonly<Record<string, Schema>> = {
  model_name: text(),
  vendor_id: text('Who makes it.'),
  aliases: listOf(text(), 'Other names that resolve to it.'),
  modality,
  supported_endpoint_types: listOf(text()),
  default_endpoint_type: text(),
  parameters: mapOf(flag(), '`tools`, `reasoning`, `vision` …: whether it has them.'),
  official_input_price: nullable(usd),
  official_output_price: nullable(usd),
  context_length: nullable(integer('Tokens.')),
  max_output_tokens: nullable(integer()),
  created: integer('Unix seconds.'),
  deprecated_at: nullable(moment('Null: the vendor has named no day.')),
};

const priceSource = oneOf(
  ['seed', 'rule', 'admin'],
  '`seed`: the official price; `rule`: times a factor; `admin`: set by hand.',
);
const factor = nullable(text('Of the rule that made it.'));
const priceRule: Readonly<Record<string, Schema>> = {
  id: text('`<vendor>/<lane>`'),
  object: exactly('price_rule'),
  vendor_id: text(),
  lane,
  factor: text('As a decimal string.'),
  created_at: moment(),
  updated_at: moment(),
};
const fieldChanges = listOf(
  object({
    field: text('`input_per_mtok`, `tiers.0.above_input_tokens`, `service_tiers.flex.input_per_mtok` …'),
    from: nullable(text('USD, as a decimal string.')),
    to: nullable(text()),
  }),
);
const changedPrices = integer('Prices that got a new version, or ended.');

const anthropicModel = object({ type: exactly('model'), id: text(), display_name: text(), created_at: moment() });

/** Models, channels and prices: the views of `catalog/`. */
export const catalogSchemas: Readonly<Record<string, Schema>> = {
  Model: object({ id: text(), object: exactly('model'), created: integer('Unix seconds.'), owned_by: text() }),
  ModelList: object({ object: exactly('list'), data: listOf(ref('Model')) }),
  AnthropicModel: anthropicModel,
  AnthropicModelList: object({
    data: listOf(ref('AnthropicModel')),
    has_more: flag(),
    first_id: nullable(text()),
    last_id: nullable(text()),
  }),
  CatalogEntry: object({
    ...model,
    supported_endpoints: listOf(text('A path.')),
    lanes: listOf(priced({ name: lane }), 'Only lanes that a channel serves.'),
    official_prices: mapOf(number(), 'By dimension: USD per million tokens, or per call.'),
  }),
  Catalog: object({ data: listOf(ref('CatalogEntry')) }),
  CatalogModel: object({
    id: text('The name again: what `after` takes.'),
    object: exactly('catalog_model'),
    ...model,
    official_prices: mapOf(text(), 'As decimal strings.'),
    official_source: nullable(oneOf(['seed', 'sync', 'admin'], 'Who said it last. Null: not known.')),
    lanes: listOf(priced({ name: lane, price_id: text(), source: priceSource, factor }), 'Prices in force.'),
    enabled: flag(),
    source: text('`seed` or `admin`.'),
  }),
  DeletedCatalogModel: object({ id: text(), object: exactly('catalog_model'), deleted: exactly(true) }),
  Price: priced({
    id: text('What usage records name as `price_id`.'),
    object: exactly('price'),
    model: text(),
    lane,
    source: priceSource,
    factor,
    created_at: moment(),
  }),
  DeletedPrice: object({
    id: text(),
    object: exactly('price'),
    deleted: exactly(true),
    in_force: nullable({ ...ref('Price'), description: 'Null: there is no price in this lane now.' }),
  }),
  PriceSync: object({
    object: exactly('price_sync'),
    source: text('The data package and its version.'),
    applied: flag('Whether the changes were made.'),
    summary: object({ changes: integer(), held: integer(), same: integer(), left_alone: integer() }),
    data: listOf(
      object({
        model: text(),
        vendor_id: text(),
        status: oneOf(['changes', 'held', 'same', 'left_alone']),
        reason: nullable(text('Why it is held or left alone.')),
        quoted_as: nullable(text("The package's name for it.")),
        official: fieldChanges,
        prices: listOf(object({ lane, factor, changes: fieldChanges }), 'Sell prices that follow.'),
        notes: listOf(text()),
      }),
      'By model, ascending.',
    ),
  }),
  PriceRule: object(priceRule),
  ChangedPriceRule: object({ ...priceRule, changed_prices: changedPrices }),
  DeletedPriceRule: object({
    id: text(),
    object: exactly('price_rule'),
    deleted: exactly(true),
    changed_prices: changedPrices,
  }),
  Channel: object({
    id: text(),
    object: exactly('channel'),
    name: text(),
    provider: text(),
    lane,
    base_url: nullable(text()),
    has_credential: flag('The credential itself is never shown.'),
    models: listOf(object({ model: text(), upstream_model: nullable(text()) })),
    priority: integer('Lower is tried first.'),
    weight: integer('Share among channels of equal priority.'),
    enabled: flag(),
    options: anyObject(),
    source: oneOf(['admin', 'env'], '`env`: made by the environment, and changed only there.'),
    created_at: nullable(moment()),
    updated_at: nullable(moment()),
  }),
  DeletedChannel: object({ id: text(), object: exactly('channel'), deleted: exactly(true) }),
  ChannelTest: object({
    ok: flag(),
    duration_ms: number('Until the whole answer was there.'),
    upstream_status: nullable(integer('Null: it did not answer.')),
    answer: nullable(text()),
    error: nullable(object({ code: text(), message: text() })),
  }),
};
