import { LazuError } from '../errors.js';
import type { CatalogModel, ModelAlias, Price } from '../generated/prisma/client.js';
import { parseTerms } from './price-rates.js';
import { usdDecimals, usdTerms, type UsdTerms } from './price-usd.js';
import { factorOf } from './price-view.js';

/** `models.source` of a deleted model: the row stays, so that old prices keep their meaning and no start seeds it again. */
export const DELETED = 'deleted';

export const isDeleted = (row: { readonly source: string }): boolean => row.source === DELETED;

/** A model as admins see it: the catalog entry's fields, whoever may use it. */
export interface ModelView {
  /** The name again: what `after` takes. */
  readonly id: string;
  readonly object: 'catalog_model';
  readonly model_name: string;
  readonly vendor_id: string;
  readonly aliases: readonly string[];
  readonly modality: { readonly input: readonly string[]; readonly output: readonly string[] };
  readonly supported_endpoint_types: readonly string[];
  readonly default_endpoint_type: string;
  readonly parameters: Readonly<Record<string, boolean>>;
  readonly context_length: number | null;
  readonly max_output_tokens: number | null;
  readonly official_input_price: number | null;
  readonly official_output_price: number | null;
  /** USD per million tokens (per call for calls), as decimal strings. */
  readonly official_prices: Readonly<Record<string, string>>;
  /** Who said it last: `seed`, `sync` or `admin`; null: nobody. */
  readonly official_source: string | null;
  /** Prices in force, whether or not a channel serves the lane. */
  readonly lanes: readonly LanePrice[];
  readonly enabled: boolean;
  readonly source: string;
  readonly created: number;
  readonly deprecated_at: string | null;
}

export type LanePrice = UsdTerms & {
  readonly name: string;
  readonly price_id: string;
  readonly source: string;
  readonly factor: string | null;
};

export function modelView(row: CatalogModel & { aliases: ModelAlias[]; prices: Price[] }): ModelView {
  const official = row.official === null ? {} : usdDecimals(parseTerms(row.official).rates);
  const inForce = new Map(row.prices.map(price => [price.lane, price]));
  return {
    id: row.name,
    object: 'catalog_model',
    model_name: row.name,
    vendor_id: row.vendorId,
    aliases: row.aliases.map(({ alias }) => alias).sort(),
    modality: row.modality as { input: string[]; output: string[] },
    supported_endpoint_types: row.supportedEndpointTypes,
    default_endpoint_type: row.defaultEndpointType,
    parameters: row.parameters as Record<string, boolean>,
    context_length: row.contextLength,
    max_output_tokens: row.maxOutputTokens,
    official_input_price: usdOrNull(official['input']),
    official_output_price: usdOrNull(official['output']),
    official_prices: official,
    official_source: row.officialSource,
    lanes: ['direct', 'cheap'].flatMap(name => {
      const price = inForce.get(name);
      if (!price) return [];
      const { id: price_id, source, factorMillionths, rates } = price;
      return [{ name, price_id, source, factor: factorOf(factorMillionths), ...usdTerms(parseTerms(rates)) }];
    }),
    enabled: row.enabled,
    source: row.source,
    created: row.created,
    deprecated_at: row.deprecatedAt?.toISOString() ?? null,
  };
}

const usdOrNull = (usd: string | undefined): number | null => (usd === undefined ? null : Number(usd));

export function modelNotFound(name: string): LazuError {
  return new LazuError('model_not_found', `There is no model ${name}. PUT /api/admin/models/${name} makes one.`, {
    param: 'model',
  });
}
