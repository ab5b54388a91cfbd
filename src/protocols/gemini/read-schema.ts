import type { JsonObject } from '../protocol.js';
import { field, fieldsOf, isObject } from './fields.js';

/** Formats that say how a number or an enumeration is kept, not what it may be: https://spec.openapis.org/oas/v3.0.3#data-types */
const STORAGE_FORMATS: ReadonlySet<unknown> = new Set(['int32', 'int64', 'float', 'double', 'enum']);
/** Numbers that Google writes as strings, being 64 bits wide: https://protobuf.dev/programming-guides/json/ */
const COUNTS: ReadonlySet<string> = new Set([
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'],
]);

/** Google's subset of OpenAPI as JSON schema: https://ai.google.dev/api/caching#Schema */
export function readSchema(schema: JsonObject): JsonObject {
  const read: JsonObject = {};
  const nullable = field(schema, 'nullable') === true;
  for (const [name, value] of fieldsOf(schema)) {
    switch (name) {
      case 'type':
        read.type = nullable ? [typeOf(value), 'null'] : typeOf(value);
        break;
      case 'format':
        if (!STORAGE_FORMATS.has(value)) read.format = value;
        break;
      case 'properties':
        read.properties = isObject(value)
          ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, nested(one)]))
          : value;
        break;
      case 'items':
        read.items = nested(value);
        break;
      case 'anyOf': {
        const either = Array.isArray(value) ? value.map(nested) : value;
        read.anyOf = nullable && Array.isArray(either) ? [...(either as unknown[]), { type: 'null' }] : either;
        break;
      }
      case 'enum':
        read.enum = nullable && Array.isArray(value) ? [...(value as unknown[]), null] : value;
        break;
      case 'example':
        read.examples = [value];
        break;
      case 'nullable':
      case 'propertyOrdering': // the order in which they are listed
        break;
      default:
        read[name] = COUNTS.has(name) && typeof value === 'string' ? Number(value) : value;
    }
  }
  // Gemini writes no properties but those that are named.
  if (isObject(read.properties) && read.additionalProperties === undefined) read.additionalProperties = false;
  return read;
}

const nested = (value: unknown): unknown => (isObject(value) ? readSchema(value) : value);

const typeOf = (type: unknown): unknown => (typeof type === 'string' ? type.toLowerCase() : type);

/** Keywords that every vendor which holds a model to a schema knows. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['type', 'properties', 'required', 'items', 'enum', 'anyOf', 'description', 'title', 'additionalProperties'],
]);

/**
 * Whether every vendor can hold a model to it: closed objects with all properties required, and plain keywords. Google holds its models
 * to any schema; where others cannot, they are asked to try.
 */
export function canBeStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(canBeStrict);
  if (!isObject(schema)) return true;
  if (Object.keys(schema).some(keyword => !PLAIN.has(keyword))) return false;
  const { properties, required, additionalProperties, items, anyOf, type } = schema;
  const isClosed = (): boolean =>
    isObject(properties) &&
    additionalProperties === false &&
    Array.isArray(required) &&
    Object.keys(properties).every(name => required.includes(name));
  if ((type === 'object' || properties !== undefined) && !isClosed()) return false;
  return [items, anyOf, isObject(properties) ? Object.values(properties) : undefined].every(canBeStrict);
}
