import { LANES, type ModelEntry } from './catalog-snapshot.js';
import { ENDPOINT_PATHS } from './endpoints.js';
import { usdTerms, type UsdTerms } from './price-usd.js';
import type { EndpointType, Lane } from './route.js';

/** A model of `GET /v1/models`. */
export interface ListedModel {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly ownedBy: string;
  readonly endpointTypes: readonly EndpointType[];
  /** Tokens; undefined: not known. */
  readonly contextLength: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly reasoning: boolean;
}

/** An entry of `GET /api/models/catalog` (contract §3): prices as numbers, USD per million tokens. */
export interface CatalogEntry {
  readonly model_name: string;
  readonly vendor_id: string;
  readonly aliases: readonly string[];
  readonly modality: { readonly input: readonly string[]; readonly output: readonly string[] };
  readonly supported_endpoint_types: readonly EndpointType[];
  readonly supported_endpoints: readonly string[];
  readonly default_endpoint_type: EndpointType;
  readonly parameters: Readonly<Record<string, boolean>>;
  readonly lanes: readonly ({ readonly name: Lane } & UsdTerms)[];
  readonly official_input_price: number | null;
  readonly official_output_price: number | null;
  readonly official_prices: Readonly<Record<string, number>>;
  readonly context_length: number | null;
  readonly max_output_tokens: number | null;
  readonly created: number;
  /** ISO 8601, or null while the vendor has named no day. */
  readonly deprecated_at: string | null;
}

export function listedModel({ row }: ModelEntry): ListedModel {
  const { name: id, created, vendorId: ownedBy, endpointTypes, contextLength, maxOutputTokens, parameters } = row;
  const reasoning = parameters['reasoning'] === true;
  return { id, created, ownedBy, endpointTypes, contextLength, maxOutputTokens, reasoning };
}

export function catalogEntry({ row, aliases, lanes }: ModelEntry): CatalogEntry {
  const official = Object.fromEntries(Object.entries(row.officialPrices).map(([name, usd]) => [name, Number(usd)]));
  return {
    model_name: row.name,
    vendor_id: row.vendorId,
    aliases,
    modality: row.modality,
    supported_endpoint_types: row.endpointTypes,
    supported_endpoints: row.endpointTypes.flatMap(type => ENDPOINT_PATHS[type]),
    default_endpoint_type: row.defaultEndpointType,
    parameters: row.parameters,
    lanes: LANES.flatMap(name => {
      const { price, serving } = lanes[name];
      return price === undefined || serving.length === 0 ? [] : [{ name, ...usdTerms(price) }];
    }),
    official_input_price: official['input'] ?? null,
    official_output_price: official['output'] ?? null,
    official_prices: official,
    context_length: row.contextLength ?? null,
    max_output_tokens: row.maxOutputTokens ?? null,
    created: row.created,
    deprecated_at: row.deprecatedAt?.toISOString() ?? null,
  };
}
