import type { JsonObject } from '../protocol.js';

/**
 * The JSON schemas that Anthropic can hold a model to:
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */
export const KEYWORDS: ReadonlySet<string> = new Set([
  ...['type', 'enum', 'const', 'anyOf', 'allOf', '$ref', '$defs', 'definitions', 'properties', 'required', 'items'],
  ...['additionalProperties', 'format', 'pattern', 'minItems', 'default', 'title', 'description', '$schema', '$id'],
  ...['examples', '$comment', 'nullable', 'deprecated', 'readOnly', 'writeOnly'],
]);
const FORMATS: ReadonlySet<unknown> = new Set([
  ...['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'],
]);
/** Keywords whose values are schemas by name, a list of schemas, or a schema. */
const BY_NAME: readonly string[] = ['properties', '$defs', 'definitions'];
const LISTS: readonly string[] = ['anyOf', 'allOf'];

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The schema as Anthropic takes it. Objects are closed where they said nothing: an open one cannot be held to.
 * @param lost told the JSON pointer of each keyword that cannot be expressed, and so is left out
 */
export function writeSchema(schema: JsonObject, lost: (pointer: string) => void, pointer = ''): JsonObject {
  const written: JsonObject = {};
  const nested = (value: unknown, at: string): unknown => (isObject(value) ? writeSchema(value, lost, at) : value);
  for (const [keyword, value] of Object.entries(schema)) {
    const at = `${pointer}/${keyword}`;
    if (!isExpressible(keyword, value)) lost(at);
    else if (BY_NAME.includes(keyword) && isObject(value))
      written[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, nested(one, `${at}/${escaped(name)}`)]),
      );
    else if (LISTS.includes(keyword) && Array.isArray(value))
      written[keyword] = value.map((one, index) => nested(one, `${at}/${index}`));
    else written[keyword] = keyword === 'items' ? nested(value, at) : value;
  }
  if (isObject(schema.properties) || schema.type === 'object') written.additionalProperties = false;
  return written;
}

function isExpressible(keyword: string, value: unknown): boolean {
  switch (keyword) {
    case 'additionalProperties':
      return value === false;
    case 'minItems':
      return value === 0 || value === 1;
    case 'format':
      return FORMATS.has(value);
    case '$ref':
      return typeof value === 'string' && value.startsWith('#/');
    default:
      return KEYWORDS.has(keyword);
  }
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-3 */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
