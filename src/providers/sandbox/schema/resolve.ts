import type { JsonObject } from '../../../protocols/protocol.js';

/** No value can be made: `pointer` says which part of the schema is the reason, `why` in words. */
export class Unmakeable extends Error {
  constructor(
    readonly pointer: string,
    readonly why: string,
  ) {
    super(`${pointer || '/'}: ${why}`);
  }
}

/** Keywords that no value-by-value generator can honour; ignoring them would break the promise of a valid instance. */
const BEYOND = ['not', 'if', 'contains', 'dependentSchemas', 'dependentRequired', 'patternProperties', 'propertyNames'];

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names that an object cannot do without. */
export const requiredOf = ({ required }: JsonObject): string[] =>
  Array.isArray(required) ? required.filter(name => typeof name === 'string') : [];

/** A schema with `$ref` and `allOf` folded in, so that what is left can be read key by key. `true` is the empty schema. */
export function resolved(root: JsonObject, schema: unknown, pointer: string, depth = 0): JsonObject {
  if (schema === true) return {};
  if (!isObject(schema)) throw new Unmakeable(pointer, schema === false ? 'nothing is valid here' : 'is no schema');
  if (depth > 50) throw new Unmakeable(pointer, 'refers to itself without an end');
  const beyond = BEYOND.find(keyword => Object.hasOwn(schema, keyword));
  if (beyond) throw new Unmakeable(`${pointer}/${beyond}`, `the sandbox cannot honour '${beyond}'`);
  let result = schema;
  if (typeof schema.$ref === 'string') {
    const { $ref, ...rest } = schema;
    result = merged(resolved(root, target(root, $ref, pointer), pointer, depth + 1), rest);
  }
  if (Array.isArray(schema.allOf)) {
    const { allOf, ...rest } = result;
    result = (allOf as unknown[]).reduce<JsonObject>(
      (sum, part, index) => merged(sum, resolved(root, part, `${pointer}/allOf/${index}`, depth + 1)),
      rest,
    );
  }
  return result;
}

/** Both at once: properties and required unite, of anything else the second wins. */
export function merged(first: JsonObject, second: JsonObject): JsonObject {
  const both = { ...first, ...second };
  if (isObject(first.properties) && isObject(second.properties)) {
    both.properties = { ...first.properties, ...second.properties };
  }
  if (Array.isArray(first.required) && Array.isArray(second.required)) {
    both.required = [...new Set([...(first.required as unknown[]), ...(second.required as unknown[])])];
  }
  return both;
}

/** https://www.rfc-editor.org/rfc/rfc6901 in a URI fragment */
export function target(root: JsonObject, reference: string, pointer: string): unknown {
  if (!reference.startsWith('#')) throw new Unmakeable(pointer, `'${reference}' lies outside the schema`);
  const keys = reference
    .slice(1)
    .split('/')
    .slice(1)
    .map(key => decoded(key).replaceAll('~1', '/').replaceAll('~0', '~'));
  let found: unknown = root;
  for (const key of keys) {
    found =
      isObject(found) && Object.hasOwn(found, key) ? found[key] : Array.isArray(found) ? found[Number(key)] : undefined;
  }
  if (found === undefined) throw new Unmakeable(pointer, `'${reference}' leads nowhere`);
  return found;
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // a lone % is no escape
  }
}
