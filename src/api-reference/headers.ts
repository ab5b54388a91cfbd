import type { JsonObject } from '../protocols/protocol.js';
import { integer, text, type Schema } from './schemas/schema.js';

const header = (description: string, schema: Schema): JsonObject => ({ description, schema });
const window = 'Absent where neither the account nor the key has such a limit.';

/** Response headers that are ours, by name. */
export const headerComponents: Readonly<Record<string, JsonObject>> = {
  'X-Lazu-Request-Id': header('Minted by Lazu for every request.', text(undefined, { pattern: '^req_lazu_' })),
  'X-Lazu-Dropped-Params': header('Hints that this vendor lacks, divided by commas: they were left out.', text()),
  'X-Lazu-Estimated': header('`true`: a number that no vendor has given.', text()),
  'Retry-After': header('Seconds until a retry makes sense. Absent: waiting does not help.', integer()),
  'x-ratelimit-limit-requests': header(`Requests per rolling 60 s. ${window}`, integer()),
  'x-ratelimit-remaining-requests': header(window, integer()),
  'x-ratelimit-reset-requests': header(
    `Until the window is empty again, as \`350ms\`, \`12s\` or \`1m0s\`. ${window}`,
    text(),
  ),
  'x-ratelimit-limit-tokens': header(`Tokens per rolling 60 s. ${window}`, integer()),
  'x-ratelimit-remaining-tokens': header(window, integer()),
  'x-ratelimit-reset-tokens': header(window, text()),
};

export const HEADERS = {
  rateLimits: Object.keys(headerComponents).filter(name => name.startsWith('x-ratelimit-')),
} as const;

export const headersNamed = (names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map(name => [name, { $ref: `#/components/headers/${name}` }]));
