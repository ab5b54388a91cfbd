import type { JsonObject } from '../protocol.js';
import { isObject } from './wire.js';

/**
 * The JSON schemas that Gemini can hold a model to: https://ai.google.dev/api/generate-content#FIELDS.response_json_schema
 * `oneOf` is read there as `anyOf`.
 */
export const KEYWORDS: ReadonlySet<string> = new Set([
  ...['$id', '$defs', '$ref', '$anchor', 'type', 'format', 'title', 'description', 'enum', 'items', 'prefixItems'],
  ...['minItems', 'maxItems', 'minimum', 'maximum', 'anyOf', 'oneOf', 'properties', 'additionalProperties', 'required'],
  'propertyOrdering',
]);
/** https://ai.google.dev/gemini-api/docs/structured-output#type-specific-properties; numbers have formats of their own, which say little */
const FORMATS: ReadonlySet<unknown> = new Set(['date-time', 'date', 'time', 'int32', 'int64', 'float', 'double']);
/** They say nothing about what is valid. */
const REMARKS: ReadonlySet<string> = new Set([
  ...['$schema', '$comment', 'default', 'example', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
]);

/** Nothing else may stand beside a reference. */
const BESIDE_REFERENCE = /^(?:\$|definitions$)/;

const isName = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';

type Lost = (pointer: string) => void;

/**
 * The schema as Gemini takes it, rewritten where other keywords say the same.
 * @param lost told the JSON pointer of each keyword that cannot be expressed, and so is left out
 */
export function writeSchema(schema: JsonObject, lost: Lost, pointer = ''): JsonObject {
  const written: JsonObject = {};
  for (const keyword of Object.keys(schema)) {
    const at = `${pointer}/${escaped(keyword)}`;
    if (REMARKS.has(keyword)) continue;
    if (!('$ref' in schema) || BESIDE_REFERENCE.test(keyword)) writeKeyword(written, schema, keyword, lost, at);
    else if (keyword !== 'title' && keyword !== 'description') lost(at);
  }
  return written;
}

function writeKeyword(written: JsonObject, schema: JsonObject, keyword: string, lost: Lost, at: string): void {
  const value = schema[keyword];
  switch (keyword) {
    case '$ref':
      if (typeof value === 'string' && value.startsWith('#'))
        written.$ref = value.replace(/^#\/definitions\//, '#/$defs/');
      else lost(at);
      return;
    case '$defs':
    case 'definitions':
    case 'properties': {
      const name = keyword === 'properties' ? keyword : '$defs';
      written[name] = { ...(written[name] as JsonObject | undefined), ...writeByName(value, lost, at) };
      return;
    }
    case 'anyOf':
    case 'oneOf':
    case 'prefixItems':
      written[keyword] = Array.isArray(value) ? value.map((one, index) => nested(one, lost, `${at}/${index}`)) : value;
      return;
    case 'items':
    case 'additionalProperties':
      written[keyword] = typeof value === 'boolean' ? value : nested(value, lost, at);
      return;
    case 'const':
      if (isName(value)) written.enum = [value];
      else if (value === null) written.type = 'null';
      else lost(at);
      return;
    case 'enum':
      if (Array.isArray(value) && value.every(one => isName(one) || one === null)) written.enum = value;
      else lost(at);
      return;
    case 'nullable':
      if (value === true && typeof schema.type === 'string') written.type = [schema.type, 'null'];
      else if (value === true) lost(at);
      return;
    case 'type':
      if (schema.nullable !== true || typeof value !== 'string') written.type = value;
      return;
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      writeBound(written, schema, keyword, lost, at);
      return;
    case 'format':
      if (FORMATS.has(value)) written.format = value;
      else lost(at);
      return;
    default:
      if (KEYWORDS.has(keyword)) written[keyword] = value;
      else lost(at);
  }
}

/** Of whole numbers the next one inside says the same. */
function writeBound(written: JsonObject, schema: JsonObject, keyword: string, lost: Lost, at: string): void {
  const value = schema[keyword];
  const [name, step] = keyword === 'exclusiveMinimum' ? (['minimum', 1] as const) : (['maximum', -1] as const);
  if (schema.type === 'integer' && Number.isInteger(value) && schema[name] === undefined)
    written[name] = (value as number) + step;
  else lost(at);
}

const writeByName = (value: unknown, lost: Lost, at: string): JsonObject =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).map(([name, one]) => [
      name,
      nested(one, lost, `${at}/${escaped(name)}`),
    ]),
  );

/** A schema that is `true` says nothing, as the empty one does. */
function nested(value: unknown, lost: Lost, at: string): unknown {
  if (value === true) return {};
  if (value === false) lost(at);
  return isObject(value) ? writeSchema(value, lost, at) : {};
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-3 */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
