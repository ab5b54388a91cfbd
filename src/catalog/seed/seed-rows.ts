import type { Prisma } from '../../generated/prisma/client.js';
import { storeTerms } from '../price-rates.js';
import type { SeedFile, SeedModel } from './seed-file.js';
import { termsOf } from './seed-terms.js';

/** One model of the seed as its rows will stand. */
export interface SeedRow {
  /** Every column of `models` that follows the seed. */
  readonly data: {
    name: string;
    vendorId: string;
    modality: { input: string[]; output: string[] };
    supportedEndpointTypes: string[];
    defaultEndpointType: string;
    parameters: Record<string, boolean>;
    contextLength: number | null;
    maxOutputTokens: number | null;
    /** A `StoredTerms`. */
    official: Prisma.InputJsonObject;
    officialSource: string;
    officialAt: Date;
    enabled: boolean;
    created: number;
    deprecatedAt: Date | null;
  };
  readonly aliases: readonly string[];
}

export function modelData(file: SeedFile, model: SeedModel): SeedRow {
  const types = model.endpoints ?? file.endpoints;
  return {
    data: {
      name: model.name,
      vendorId: file.vendor.id,
      modality: { input: model.input, output: model.output },
      supportedEndpointTypes: types,
      defaultEndpointType: types[0] ?? 'chat',
      parameters: parametersOf(model),
      contextLength: model.context ?? null,
      maxOutputTokens: model.max_output ?? null,
      official: { ...storeTerms(termsOf(model.price)) },
      officialSource: 'seed',
      officialAt: new Date(file.checked),
      enabled: true,
      created: Date.parse(model.created) / 1000,
      deprecatedAt: model.deprecated === undefined ? null : new Date(model.deprecated),
    },
    aliases: model.aliases,
  };
}

/** What it sees and hears follows from its modality. */
function parametersOf({ flags, input, output }: SeedModel): Record<string, boolean> {
  return {
    tools: flags.includes('tools'),
    reasoning: flags.includes('reasoning'),
    json_schema: flags.includes('json_schema'),
    vision: input.includes('image'),
    audio: input.includes('audio') || output.includes('audio'),
    ...(flags.includes('hosts_only') && { hosts_only: true }),
  };
}
