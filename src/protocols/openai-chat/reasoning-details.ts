import type { Sealed } from '../conversation.js';
import type { JsonObject } from '../protocol.js';

/** OpenRouter's signed thoughts, which some models want back: https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning */
export const DETAILS_FIELD = 'reasoning_details';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields whose pieces add up; of all others the last that says something wins. */
const ADDING: ReadonlySet<string> = new Set(['text', 'summary']);

/** Gathers the details of one answer: pieces of one entry come with one `type` and `index`. */
export class ReasoningDetails {
  #entries: JsonObject[] = [];

  see(details: unknown): void {
    if (!Array.isArray(details)) return;
    for (const piece of details) {
      if (!isObject(piece)) continue;
      const last = this.#entries.at(-1);
      if (last && last.type === piece.type && last.index === piece.index && !Object.hasOwn(piece, 'data'))
        for (const [field, value] of Object.entries(piece)) merge(last, field, value);
      else this.#entries.push({ ...piece });
    }
  }

  /** All that were seen since the last time, as one sealed block. Unsigned text alone is no secret: it needs no seal. */
  take(): Sealed | undefined {
    const entries = this.#entries;
    this.#entries = [];
    const isSigned = entries.some(({ signature, data }) => isText(signature) || isText(data));
    return isSigned ? { protocol: 'openai-chat', value: { [DETAILS_FIELD]: entries } } : undefined;
  }
}

function merge(entry: JsonObject, field: string, value: unknown): void {
  const before = entry[field];
  if (ADDING.has(field) && typeof value === 'string') entry[field] = (isText(before) ? before : '') + value;
  else if (value !== null && value !== undefined) entry[field] = value;
}

/**
 * The details inside a seal. It comes from a caller, who may have made it: nothing but what reasoning is made of is let through.
 * https://openrouter.ai/docs/use-cases/reasoning-tokens#reasoning_details-array-structure
 */
export function openDetails({ protocol, value }: Sealed): JsonObject[] {
  if (protocol !== 'openai-chat' || !Array.isArray(value[DETAILS_FIELD])) return [];
  return value[DETAILS_FIELD].filter(isObject).flatMap((entry): JsonObject[] => {
    if (typeof entry.type !== 'string' || !entry.type.startsWith('reasoning.')) return [];
    const known = FIELDS.flatMap(name => (Object.hasOwn(entry, name) ? [[name, entry[name]] as const] : []));
    return known.every(([, value]) => value === null || typeof value !== 'object') ? [Object.fromEntries(known)] : [];
  });
}

const FIELDS = ['type', 'text', 'summary', 'data', 'signature', 'id', 'format', 'index'] as const;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
