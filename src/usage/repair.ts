/**
 * What PostgreSQL's text cannot hold, U+0000 and half surrogate pairs, becomes U+FFFD:
 * https://www.postgresql.org/docs/current/datatype-json.html
 * @param record JSON text
 */
export function repair(record: string): string {
  return JSON.stringify(clean(JSON.parse(record)));
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value.replaceAll('\0', '\ufffd')).toString();
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), clean(inner)]));
}
