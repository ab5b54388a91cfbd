import { ref } from '../schemas/schema.js';
import { pageOf, type Operations } from './operation.js';

const models = { tag: 'Models' } as const;
const catalog = { tag: 'Admin: catalog' } as const;
const bySlash = 'An id may hold slashes (`BAAI/bge-m3`), raw or as `%2F`.';
const inForce = 'In force when this answers.';
const scope =
  'A model is there only if it is enabled, a channel serves it, and this key may use it; otherwise it does not exist for the key.';

export const catalogOperations: Operations = {
  'GET /v1/models': {
    ...models,
    summary: 'List models',
    description: `${scope} With the header \`anthropic-version\` in Anthropic's shape, paged by \`limit\`, \`after_id\` and \`before_id\`.`,
    answer: { anyOf: [ref('ModelList'), ref('AnthropicModelList')] },
  },
  'GET /v1/models/{id}': {
    ...models,
    summary: 'Read a model',
    description: bySlash,
    answer: { anyOf: [ref('Model'), ref('AnthropicModel')] },
    errors: ['model_not_found'],
  },
  'GET /api/models/catalog': {
    ...models,
    summary: 'The catalog: lanes, prices, modality, parameters',
    description: scope,
    answer: ref('Catalog'),
  },
  'POST /api/admin/channels': {
    ...catalog,
    status: 201,
    summary: 'Make a channel',
    description: 'The credential is kept encrypted and never shown again. In use when this answers.',
    answer: ref('Channel'),
  },
  'GET /api/admin/channels': {
    ...catalog,
    summary: "List channels, the environment's first",
    answer: pageOf('Channel'),
  },
  'GET /api/admin/channels/{id}': { ...catalog, summary: 'Read a channel', answer: ref('Channel') },
  'PATCH /api/admin/channels/{id}': {
    ...catalog,
    summary: 'Change a channel',
    description: 'Fields that are absent stay; null clears. `models` is replaced as a whole.',
    answer: ref('Channel'),
    errors: ['conflict'],
  },
  'DELETE /api/admin/channels/{id}': {
    ...catalog,
    summary: 'Delete a channel',
    description: "One of the environment's is a `conflict`: unset its variable.",
    answer: ref('DeletedChannel'),
    errors: ['conflict'],
  },
  'POST /api/admin/channels/{id}/test': {
    ...catalog,
    summary: 'Try a channel with a minimal real call',
    description:
      'What the provider answers is the result, not an error. It costs what the provider charges for a few tokens.',
    answer: ref('ChannelTest'),
  },
  'GET /api/admin/models': { ...catalog, summary: 'List catalog models', answer: pageOf('CatalogModel') },
  'GET /api/admin/models/{model}': {
    ...catalog,
    summary: 'Read a catalog model',
    description: bySlash,
    answer: ref('CatalogModel'),
    errors: ['model_not_found'],
  },
  'PUT /api/admin/models/{model}': {
    ...catalog,
    summary: 'Make or change a catalog model',
    description: `Fields that are absent stay. ${bySlash}`,
    answer: ref('CatalogModel'),
    errors: ['conflict'],
  },
  'DELETE /api/admin/models/{model}': {
    ...catalog,
    summary: 'Delete a catalog model',
    description: bySlash,
    answer: ref('DeletedCatalogModel'),
    errors: ['model_not_found'],
  },
  'PUT /api/admin/models/{model}/prices/{lane}': {
    ...catalog,
    summary: 'Set the price of a model in a lane',
    description:
      'Numbers or decimal strings of at most six decimals: USD per million tokens, or per call. A new version each time; usage records keep the one they were charged by. It goes before every rule.',
    answer: ref('Price'),
    errors: ['model_not_found'],
  },
  'DELETE /api/admin/models/{model}/prices/{lane}': {
    ...catalog,
    summary: 'Delete a price that was set by hand',
    description: 'The lane follows its rule again, else the official price; a cheap lane without a rule closes.',
    answer: ref('DeletedPrice'),
    errors: ['model_not_found'],
  },
  'GET /api/admin/price-rules': {
    ...catalog,
    summary: 'List price rules, by vendor and lane',
    answer: pageOf('PriceRule'),
  },
  'PUT /api/admin/price-rules/{vendor}/{lane}': {
    ...catalog,
    summary: "Set what a vendor's models cost in a lane: official price × factor",
    description: `Every rate of the official price, tiers, service tiers and calls too, times \`factor\`, each rounded half up to a picoUSD and never to zero. Makes new versions of the prices that follow; those set by hand stay, and a model without an official price has none. ${inForce}`,
    answer: ref('ChangedPriceRule'),
  },
  'DELETE /api/admin/price-rules/{vendor}/{lane}': {
    ...catalog,
    summary: 'Delete a price rule',
    description: `The direct lane costs the official price again; the cheap lane closes, but for prices set by hand. ${inForce}`,
    answer: ref('DeletedPriceRule'),
  },
  'GET /api/admin/prices/sync': {
    ...catalog,
    summary: 'Compare official prices with the data package',
    description:
      'What `npm run prices:sync` reports, while Lazu runs: old and new official prices, and the sell prices that would follow, model by model. Changes nothing.',
    answer: ref('PriceSync'),
  },
  'POST /api/admin/prices/sync': {
    ...catalog,
    summary: 'Take official prices from the data package',
    description: `What \`npm run prices:sync -- --apply\` does. Changes that are \`held\` (more than five times as much or as little, to or from free, a context tier that ends, a model known only by a pattern) are made only for models named in \`accept\`. ${inForce}`,
    answer: ref('PriceSync'),
    errors: ['model_not_found'],
  },
};
