import type { JsonObject } from '../../../protocols/protocol.js';
import { UnsupportedPattern } from './pattern.js';
import { isObject, merged, requiredOf, resolved, Unmakeable } from './resolve.js';
import { numberFor, textFor } from './scalar.js';
import { heightsOf } from './height.js';

/** Above this depth only what must be there is made, so that recursive schemas come to an end. */
const GENEROUS_DEPTH = 3;
const MOST_VALUES = 5000;
const DEEPEST = 100;

/** Where in the schema a value is made, and for what. */
interface Place {
  readonly pointer: string;
  readonly depth: number;
  /** Name of the property, for texts that say something. */
  readonly name: string;
  /** 0 for the first of its kind; others differ, for `uniqueItems`. */
  readonly variant: number;
}

/**
 * One valid instance of a JSON Schema, always the same for the same schema. Knows what strict mode knows (types, enum, const,
 * anyOf, `$ref` with recursion, formats, bounds, pattern) and, for tools that are not strict, allOf, oneOf and open objects.
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 * @throws Unmakeable with a JSON pointer
 */
export function instanceOf(root: JsonObject): unknown {
  const heightOf = heightsOf(root);
  let made = 0;

  const make = (part: unknown, place: Place): unknown => {
    if (++made > MOST_VALUES) throw new Unmakeable(place.pointer, 'the instance would be too large for the sandbox');
    if (place.depth > DEEPEST) throw new Unmakeable(place.pointer, 'never comes to an end');
    const schema = resolved(root, part, place.pointer);
    if (Object.hasOwn(schema, 'const')) return schema.const;
    if (Array.isArray(schema.enum)) return pick(schema.enum as unknown[], place);
    const branches = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(branches)) return makeBranch(schema, branches as unknown[], place);
    return makeTyped(schema, place);
  };

  const makeBranch = (schema: JsonObject, branches: readonly unknown[], place: Place): unknown => {
    const { anyOf: _anyOf, oneOf: _oneOf, ...rest } = schema;
    const heights = branches.map(branch => heightOf(branch, place.pointer));
    const best =
      place.depth < GENEROUS_DEPTH ? heights.findIndex(Number.isFinite) : heights.indexOf(Math.min(...heights));
    const branch = branches[best];
    if (branch === undefined || heights[best] === Infinity)
      throw new Unmakeable(place.pointer, 'never comes to an end');
    const pointer = `${place.pointer}/${schema.anyOf ? 'anyOf' : 'oneOf'}/${best}`;
    return make(merged(rest, resolved(root, branch, pointer)), { ...place, pointer, depth: place.depth + 1 });
  };

  const makeTyped = (schema: JsonObject, place: Place): unknown => {
    const type = typeOf(schema);
    switch (type) {
      case 'object':
        return makeObject(schema, place);
      case 'array':
        return makeArray(schema, place);
      case 'string':
        return orFail(place, () => textFor(schema, place.name, place.variant));
      case 'integer':
      case 'number':
        return orFail(place, () => numberFor(schema, type === 'integer', place.variant));
      case 'boolean':
        return place.variant % 2 === 0;
      case 'null':
        return null;
      default:
        throw new Unmakeable(`${place.pointer}/type`, 'is no type of JSON Schema');
    }
  };

  const makeObject = (schema: JsonObject, place: Place): JsonObject => {
    const properties = isObject(schema.properties) ? schema.properties : {};
    const required = new Set(requiredOf(schema));
    const generous = place.depth < GENEROUS_DEPTH;
    const within = (name: string) => `${place.pointer}/properties/${name}`;
    const wanted = Object.keys(properties).filter(
      name => required.has(name) || (generous && Number.isFinite(heightOf(properties[name], within(name)))),
    );
    const open = schema.additionalProperties ?? true;
    const names = [...new Set([...wanted, ...required])];
    const least = typeof schema.minProperties === 'number' ? schema.minProperties : 0;
    for (let extra = 1; names.length < Math.min(least, MOST_VALUES); extra += 1) {
      const unused = Object.keys(properties).find(name => !names.includes(name));
      names.push(unused ?? `extra_${extra}`);
    }
    return Object.fromEntries(
      names.map(name => {
        const part = Object.hasOwn(properties, name) ? properties[name] : open;
        return [name, make(part, { pointer: within(name), depth: place.depth + 1, name, variant: place.variant })];
      }),
    );
  };

  const makeArray = (schema: JsonObject, place: Place): unknown[] => {
    const fixed = Array.isArray(schema.prefixItems) ? (schema.prefixItems as unknown[]) : [];
    const least = typeof schema.minItems === 'number' ? schema.minItems : 0;
    const most = typeof schema.maxItems === 'number' ? schema.maxItems : Infinity;
    const items = schema.items ?? true;
    const pointer = `${place.pointer}/items`;
    const fillable = items !== false && Number.isFinite(heightOf(items, pointer));
    const generous = place.depth < GENEROUS_DEPTH && fillable ? 1 : 0;
    const length = Math.min(Math.max(least, fixed.length, generous), most);
    if (length > MOST_VALUES) throw new Unmakeable(place.pointer, 'the instance would be too large for the sandbox');
    return Array.from({ length }, (_, index) =>
      make(index < fixed.length ? fixed[index] : items, {
        pointer: index < fixed.length ? `${place.pointer}/prefixItems/${index}` : pointer,
        depth: place.depth + 1,
        name: place.name,
        variant: index,
      }),
    );
  };

  return make(root, { pointer: '', depth: 0, name: '', variant: 0 });
}

function pick(values: readonly unknown[], { pointer, variant }: Place): unknown {
  if (values.length === 0) throw new Unmakeable(`${pointer}/enum`, 'is empty');
  return values[variant % values.length];
}

/** What a schema without `type` is about, by the keywords it has. Of several types the first that is not null. */
function typeOf(schema: JsonObject): unknown {
  if (Array.isArray(schema.type)) return (schema.type as unknown[]).find(type => type !== 'null') ?? 'null';
  if (schema.type !== undefined) return schema.type;
  if (isObject(schema.properties) || Array.isArray(schema.required)) return 'object';
  if (schema.items !== undefined || schema.prefixItems !== undefined) return 'array';
  const numeric = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
  return numeric.some(keyword => keyword in schema) ? 'number' : 'string';
}

function orFail<T>({ pointer }: Place, attempt: () => T | undefined): T {
  try {
    const value = attempt();
    if (value !== undefined) return value;
  } catch (error) {
    if (!(error instanceof UnsupportedPattern)) throw error;
    throw new Unmakeable(`${pointer}/pattern`, `the sandbox cannot make a text for it (at '${error.message}')`);
  }
  throw new Unmakeable(pointer, 'its bounds leave no value');
}
