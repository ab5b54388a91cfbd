import type { JsonObject } from '../../../protocols/protocol.js';
import { textMatching } from './pattern.js';

/** One valid text per format: https://json-schema.org/draft/2020-12/json-schema-validation#section-7.3 */
const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2025-01-01T12:00:00Z',
  date: '2025-01-01',
  time: '12:00:00Z',
  duration: 'P1D',
  email: 'sandbox@example.com',
  'idn-email': 'sandbox@example.com',
  hostname: 'example.com',
  'idn-hostname': 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000001',
  uri: 'https://example.com/',
  'uri-reference': '/sandbox',
  iri: 'https://example.com/',
  'iri-reference': '/sandbox',
  'uri-template': '/sandbox/{id}',
  'json-pointer': '/sandbox',
  'relative-json-pointer': '0/sandbox',
  regex: '^sandbox$',
};

const LONGEST_TEXT = 10_000;

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/**
 * @param name what the text is for, so that it says something
 * @param variant 0 for the first of its kind; others differ where the schema lets them
 * @returns undefined when no text can fit
 */
export function textFor(schema: JsonObject, name: string, variant: number): string | undefined {
  const minLength = numberOf(schema.minLength) ?? 0;
  const maxLength = numberOf(schema.maxLength) ?? Infinity;
  if (minLength > maxLength || minLength > LONGEST_TEXT) return undefined;
  const fits = (text: string) => (text.length >= minLength && text.length <= maxLength ? text : undefined);
  if (typeof schema.pattern === 'string') return fits(textMatching(schema.pattern, minLength));
  const formatted = typeof schema.format === 'string' ? FORMATS[schema.format] : undefined;
  if (formatted !== undefined) return fits(formatted);
  // Printable ASCII only: bounds count code points, JavaScript counts UTF-16 units.
  const purpose = name.replace(/[^\x20-\x7e]/g, '');
  const words = `sandbox${purpose && ` ${purpose}`}`;
  const base = variant === 0 ? words : `${variant + 1} ${words}`;
  return base.padEnd(minLength, '.').slice(0, maxLength === Infinity ? undefined : maxLength);
}

/** @returns undefined when no number can fit */
export function numberFor(schema: JsonObject, whole: boolean, variant: number): number | undefined {
  const step = numberOf(schema.multipleOf) ?? (whole ? 1 : undefined);
  const above = numberOf(schema.exclusiveMinimum);
  const below = numberOf(schema.exclusiveMaximum);
  const least = Math.max(numberOf(schema.minimum) ?? -Infinity, above ?? -Infinity);
  const most = Math.min(numberOf(schema.maximum) ?? Infinity, below ?? Infinity);
  const fits = (value: number) =>
    value >= least && value <= most && value !== above && value !== below && (!whole || Number.isInteger(value));
  const wanted = 1 + variant;
  const candidates = step === undefined ? between(least, most, wanted) : multiples(step, least, most, wanted);
  return candidates.find(fits);
}

function between(least: number, most: number, wanted: number): number[] {
  const from = Number.isFinite(least) ? least : Math.min(0, most);
  const to = Number.isFinite(most) ? most : from + 2 * wanted;
  return [wanted, from + wanted, from + (to - from) / (1 + wanted), least, most];
}

function multiples(step: number, least: number, most: number, wanted: number): number[] {
  const near = Number.isFinite(least) ? Math.ceil(least / step) : Number.isFinite(most) ? Math.floor(most / step) : 0;
  const down = Number.isFinite(least) ? 1 : -1;
  // Beyond the first few: whole multiples of a fraction such as 0.5 come within as many steps as the fraction has parts.
  const nearby = Array.from({ length: 20 }, (_, index) => (near + down * (index + wanted - 1)) * step);
  return [...(wanted % step === 0 ? [wanted] : []), step * wanted, ...nearby, near * step];
}
