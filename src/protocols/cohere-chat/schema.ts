import type { JsonObject } from '../protocol.js';

/** The JSON schemas that Cohere can hold a model to: https://docs.cohere.com/docs/structured-outputs#unsupported-schema-features */
export const UNSUPPORTED: ReadonlySet<string> = new Set([
  ...['allOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'patternProperties'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'uniqueItems', 'contains', 'minProperties', 'maxProperties', 'propertyNames'],
  ...['unevaluatedProperties', 'unevaluatedItems', 'prefixItems'],
]);
const FORMATS: ReadonlySet<unknown> = new Set(['date-time', 'date', 'time', 'uuid']);
/** Keywords whose values are schemas by name. */
const BY_NAME: readonly string[] = ['properties', '$defs', 'definitions'];

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param lost told the JSON pointer of each keyword that cannot be expressed, and so is left out */
export function writeSchema(schema: JsonObject, lost: (pointer: string) => void, pointer = ''): JsonObject {
  const written: JsonObject = {};
  const nested = (value: unknown, at: string): unknown => (isObject(value) ? writeSchema(value, lost, at) : value);
  for (const [keyword, value] of Object.entries(schema)) {
    const at = `${pointer}/${keyword}`;
    if (UNSUPPORTED.has(keyword) || (keyword === 'format' && !FORMATS.has(value))) lost(at);
    else if (BY_NAME.includes(keyword) && isObject(value))
      written[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, nested(one, `${at}/${escaped(name)}`)]),
      );
    else if (keyword === 'anyOf' && Array.isArray(value))
      written[keyword] = value.map((one, index) => nested(one, `${at}/${index}`));
    else written[keyword] = keyword === 'items' || keyword === 'additionalProperties' ? nested(value, at) : value;
  }
  return written;
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-3 */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
