import { LazuError } from '../errors.js';
import { picoOf } from './decimal.js';
import type { ModelView } from './model-view.js';
import { parseTerms, storeTerms, type StoredTerms } from './price-rates.js';
import type { EndpointType } from './route.js';

/** As `PUT /api/admin/models/:model` takes it. Absent: as it was, or the default of a new model; null: none. */
export interface ModelInput {
  vendor_id?: string;
  aliases?: string[];
  modality?: { input?: string[]; output?: string[] };
  supported_endpoint_types?: EndpointType[];
  default_endpoint_type?: EndpointType;
  parameters?: Record<string, boolean>;
  context_length?: number | null;
  max_output_tokens?: number | null;
  /** USD per million tokens: numbers or decimal strings. */
  official_input_price?: number | string | null;
  official_output_price?: number | string | null;
  enabled?: boolean;
  /** ISO 8601. */
  deprecated_at?: string | null;
}

/**
 * Every column an admin may set, whole. A new model is one that chats in text.
 * @throws LazuError missing_required_parameter, invalid_value
 */
export function changesOf(name: string, input: ModelInput, before: ModelView | null) {
  const vendorId = input.vendor_id ?? before?.vendor_id;
  if (vendorId === undefined) {
    throw new LazuError('missing_required_parameter', `vendor_id is needed: who makes ${name}.`, {
      param: 'vendor_id',
    });
  }
  const types = input.supported_endpoint_types ?? before?.supported_endpoint_types ?? ['chat'];
  const wished = input.default_endpoint_type ?? before?.default_endpoint_type;
  if (input.default_endpoint_type !== undefined && !types.includes(input.default_endpoint_type)) {
    throw new LazuError('invalid_value', 'default_endpoint_type must be one of supported_endpoint_types.', {
      param: 'default_endpoint_type',
    });
  }
  const deprecatedAt = input.deprecated_at === undefined ? before?.deprecated_at : input.deprecated_at;
  return {
    vendorId,
    modality: {
      input: [...(input.modality?.input ?? before?.modality.input ?? ['text'])],
      output: [...(input.modality?.output ?? before?.modality.output ?? ['text'])],
    },
    supportedEndpointTypes: [...types],
    defaultEndpointType: wished !== undefined && types.includes(wished) ? wished : (types[0] ?? 'chat'),
    parameters: input.parameters ?? { ...before?.parameters },
    contextLength: input.context_length === undefined ? (before?.context_length ?? null) : input.context_length,
    maxOutputTokens:
      input.max_output_tokens === undefined ? (before?.max_output_tokens ?? null) : input.max_output_tokens,
    enabled: input.enabled ?? before?.enabled ?? true,
    created: before?.created ?? Math.floor(Date.now() / 1000),
    deprecatedAt: deprecatedAt == null ? null : new Date(deprecatedAt),
  };
}

const OFFICIAL = [
  ['official_input_price', 'input'],
  ['official_output_price', 'output'],
] as const;

/**
 * The official price as an admin changes it: what is not named stays, tiers too.
 * @param before as stored; null: not known
 * @returns undefined when the input does not speak of it; null: not known any more
 * @throws LazuError invalid_value
 */
export function officialOf(input: ModelInput, before: unknown): StoredTerms | null | undefined {
  if (OFFICIAL.every(([field]) => input[field] === undefined)) return undefined;
  const known = before === null ? { rates: {}, tiers: [], serviceTiers: {} } : parseTerms(before);
  const rates = { ...known.rates };
  for (const [field, name] of OFFICIAL) {
    const usd = input[field];
    if (usd === null) delete rates[name];
    if (usd == null) continue;
    const pico = picoOf(usd, name);
    if (pico === undefined) {
      throw new LazuError(
        'invalid_value',
        `${field} must be USD per million tokens as a number or decimal string, not negative, with at most six decimals.`,
        { param: field },
      );
    }
    rates[name] = pico;
  }
  // Neither is known: nothing that stays of it could be sold, and a sync may say it anew.
  return rates.input === undefined && rates.output === undefined ? null : storeTerms({ ...known, rates });
}
