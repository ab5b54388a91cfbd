import { z } from 'zod';
import { PrismaService } from '../database/prisma.service.js';
import { ENDPOINT_TYPES } from './endpoints.js';
import { parseTerms, type PriceTerms } from './price-rates.js';
import { usdDecimals } from './price-usd.js';
import type { EndpointType, Lane } from './route.js';

const DIRECTIONS = z.object({ input: z.array(z.string()).default([]), output: z.array(z.string()).default([]) });
const FLAGS = z.record(z.string(), z.boolean());
const OPTIONS = z.record(z.string(), z.unknown());

export interface ModelRow {
  readonly name: string;
  readonly vendorId: string;
  readonly modality: { readonly input: readonly string[]; readonly output: readonly string[] };
  readonly endpointTypes: readonly EndpointType[];
  readonly defaultEndpointType: EndpointType;
  readonly parameters: Readonly<Record<string, boolean>>;
  readonly contextLength: number | undefined;
  readonly maxOutputTokens: number | undefined;
  /** Dimension → USD per million tokens (per call for calls) as decimal strings. */
  readonly officialPrices: Readonly<Record<string, string>>;
  /** Unix seconds. */
  readonly created: number;
  readonly deprecatedAt: Date | undefined;
}

export interface PriceRow extends PriceTerms {
  readonly id: string;
  readonly modelName: string;
  readonly lane: Lane;
}

export interface ChannelRow {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly lane: Lane;
  readonly baseUrl: string | undefined;
  readonly credentialCiphertext: Uint8Array | undefined;
  readonly credentialKeyId: string | undefined;
  readonly priority: number;
  readonly weight: number;
  readonly enabled: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  readonly models: readonly { readonly model: string; readonly upstreamModel: string | undefined }[];
}

/** What the snapshot is made of: one consistent reading of the tables, in our own types. */
export interface CatalogRows {
  /** Enabled ones only. */
  readonly models: readonly ModelRow[];
  readonly aliases: readonly { readonly alias: string; readonly modelName: string }[];
  /** In force: at most one per (model, lane). */
  readonly prices: readonly PriceRow[];
  readonly channels: readonly ChannelRow[];
}

export async function readRows(prisma: PrismaService): Promise<CatalogRows> {
  const [models, aliases, prices, channels] = await prisma.$transaction(
    [
      prisma.catalogModel.findMany({ where: { enabled: true }, orderBy: { name: 'asc' } }),
      prisma.modelAlias.findMany(),
      prisma.price.findMany({ where: { supersededAt: null }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }),
      prisma.channel.findMany({ include: { models: true }, orderBy: { id: 'asc' } }),
    ],
    { isolationLevel: 'RepeatableRead' },
  );
  return {
    models: models.map(row => ({
      name: row.name,
      vendorId: row.vendorId,
      modality: DIRECTIONS.parse(row.modality),
      endpointTypes: row.supportedEndpointTypes.filter(isEndpointType),
      defaultEndpointType: isEndpointType(row.defaultEndpointType) ? row.defaultEndpointType : 'chat',
      parameters: FLAGS.parse(row.parameters),
      contextLength: row.contextLength ?? undefined,
      maxOutputTokens: row.maxOutputTokens ?? undefined,
      officialPrices: row.official === null ? {} : usdDecimals(parseTerms(row.official).rates),
      created: row.created,
      deprecatedAt: row.deprecatedAt ?? undefined,
    })),
    aliases,
    // The newest of a (model, lane) is in force, should two hosts ever have written at once.
    prices: [...new Map(prices.map(row => [`${row.lane} ${row.modelName}`, row])).values()].map(row => ({
      id: row.id,
      modelName: row.modelName,
      lane: laneOf(row.lane),
      ...parseTerms(row.rates),
    })),
    channels: channels.map(row => ({
      id: row.id,
      name: row.name,
      provider: row.provider,
      lane: laneOf(row.lane),
      baseUrl: row.baseUrl ?? undefined,
      credentialCiphertext: row.credentialCiphertext ?? undefined,
      credentialKeyId: row.credentialKeyId ?? undefined,
      priority: row.priority,
      weight: row.weight,
      enabled: row.enabled,
      options: OPTIONS.parse(row.options),
      models: row.models.map(({ modelName, upstreamModel }) => ({
        model: modelName,
        upstreamModel: upstreamModel ?? undefined,
      })),
    })),
  };
}

export const laneOf = (lane: string): Lane => (lane === 'cheap' ? 'cheap' : 'direct');

const ENDPOINTS: ReadonlySet<string> = new Set(ENDPOINT_TYPES);
const isEndpointType = (type: string): type is EndpointType => ENDPOINTS.has(type);
