import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { DIMENSIONS } from '../../protocols/usage.js';
import { millionthsOf } from '../decimal.js';
import { ENDPOINT_TYPES } from '../endpoints.js';

const decimal = z.string().refine(text => millionthsOf(text) !== undefined, 'is not a decimal of at most six digits');
const date = z.iso.date();
const rates = z.partialRecord(z.enum(DIMENSIONS), decimal);

/** USD per million tokens or per call; a bare decimal as service tier multiplies everything: `"flex": "0.5"`. */
const serviceTiers = z.record(z.string(), z.union([decimal, rates]));
const price = rates.and(
  z.object({
    tiers: z.array(rates.and(z.object({ above: z.number().int().positive() }))).optional(),
    service_tiers: serviceTiers.optional(),
  }),
);

const modality = z.array(z.enum(['text', 'image', 'audio', 'video', 'file', 'embedding']));
const endpoints = z.array(z.enum(ENDPOINT_TYPES)).min(1);

const model = z.strictObject({
  name: z.string().min(1),
  aliases: z.array(z.string().min(1)).default([]),
  /** Day of release: `created` of /v1/models. */
  created: date,
  /** Day on which the vendor stops serving it. */
  deprecated: date.optional(),
  context: z.number().int().positive().optional(),
  max_output: z.number().int().positive().optional(),
  input: modality.default(['text']),
  output: modality.default(['text']),
  /** What it can do; what is not named it cannot. `hosts_only`: served by hosts, not by its vendor's own API. */
  flags: z.array(z.enum(['tools', 'reasoning', 'json_schema', 'hosts_only'])).default([]),
  endpoints: endpoints.optional(),
  price,
});

/** One file of prisma/seed: a vendor, where its facts come from, and its models. */
const seedFile = z.strictObject({
  vendor: z.strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/),
    name: z.string(),
    /** Its id in the data package of `npm run prices:sync`; absent: that has no prices of the vendor's own. */
    genai_prices: z.string().optional(),
  }),
  sources: z.array(z.url()),
  /** Day on which somebody last compared the file with its sources. */
  checked: date,
  /** Endpoint types of a model that names none. */
  endpoints,
  models: z.array(model).min(1),
});

export type SeedFile = z.infer<typeof seedFile>;
export type SeedModel = SeedFile['models'][number];
export type SeedPrice = z.infer<typeof price>;

/** Beside `src/` and beside `dist/`: the same two steps up from either. */
const FOLDER = new URL('../../../prisma/seed/', import.meta.url);

/** The default catalog, vendor by vendor. @throws ZodError naming the field when a file is not well formed */
export function readSeed(): readonly SeedFile[] {
  return readdirSync(FOLDER)
    .filter(name => name.endsWith('.json'))
    .sort()
    .map(name => seedFile.parse(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))));
}
