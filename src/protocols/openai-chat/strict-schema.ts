import type { JsonObject } from '../protocol.js';

/**
 * JSON schemas that OpenAI holds a model to: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
export const KEYWORDS: ReadonlySet<string> = new Set([
  ...['type', 'enum', 'const', 'anyOf', '$ref', '$defs', 'definitions', 'properties', 'required', 'items'],
  ...['additionalProperties', 'title', 'description', 'pattern', 'format', 'minLength', 'maxLength'],
  ...['multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minItems', 'maxItems'],
]);
/** They say nothing of what may be written; some are a 400 all the same. */
const SILENT: ReadonlySet<string> = new Set([
  ...['default', 'examples', '$schema', '$id', '$comment', 'deprecated', 'readOnly', 'writeOnly', 'nullable'],
]);
/** Keywords whose values are schemas by name. */
const BY_NAME: readonly string[] = ['properties', '$defs', 'definitions'];

export interface StrictSchema {
  readonly schema: JsonObject;
  /** JSON pointers of keywords that cannot be expressed. */
  readonly lost: readonly string[];
  /** JSON pointers of what is looser than can be held to: objects that are open, or with properties that may be missing. */
  readonly loose: readonly string[];
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema as `strict` wants it. Objects are closed where they said nothing: an open one cannot be held to. */
export function strictSchema(schema: JsonObject): StrictSchema {
  const lost: string[] = [];
  const loose: string[] = [];
  const write = (value: unknown, at: string): unknown => (isObject(value) ? writeOne(value, at) : value);
  const writeOne = (one: JsonObject, pointer: string): JsonObject => {
    const written: JsonObject = {};
    for (const [keyword, value] of Object.entries(one)) {
      const at = `${pointer}/${keyword}`;
      if (SILENT.has(keyword)) continue;
      if (!KEYWORDS.has(keyword)) lost.push(at);
      else if (BY_NAME.includes(keyword) && isObject(value))
        written[keyword] = Object.fromEntries(
          Object.entries(value).map(([name, each]) => [name, write(each, `${at}/${escaped(name)}`)]),
        );
      else if (keyword === 'anyOf' && Array.isArray(value))
        written[keyword] = value.map((each, index) => write(each, `${at}/${index}`));
      else if (keyword === 'additionalProperties') {
        if (value !== false) loose.push(at);
      } else written[keyword] = keyword === 'items' ? write(value, at) : value;
    }
    if (!isObject(one.properties) && one.type !== 'object') return written;
    const required: unknown[] = Array.isArray(one.required) ? one.required : [];
    const optional = Object.keys(one.properties ?? {}).find(name => !required.includes(name));
    if (optional !== undefined) loose.push(`${pointer}/properties/${escaped(optional)}`);
    return { ...written, additionalProperties: false };
  };
  const written = writeOne(schema, '');
  if (written.type !== 'object') loose.push('/type'); // the root must be an object, and no union
  return { schema: written, lost, loose };
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-3 */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
