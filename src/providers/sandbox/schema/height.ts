import type { JsonObject } from '../../../protocols/protocol.js';
import { isObject, requiredOf, target, Unmakeable } from './resolve.js';

const MOST_STEPS = 20_000;
const DEEPEST = 100;

/** How deep the flattest instance of a schema is: 1 for a scalar, Infinity where every way leads back to itself. */
export type Heights = (part: unknown, pointer: string) => number;

/**
 * The flattest instance never holds the same schema inside itself, so a schema that is met again on its own path counts as endless.
 * Each schema is measured once; all of them together may take `MOST_STEPS`, then Unmakeable is thrown.
 */
export function heightsOf(root: JsonObject): Heights {
  const known = new Map<unknown, number>();
  let steps = 0;

  const measure = (schema: unknown, path: readonly unknown[], pointer: string): number => {
    if (schema === false || path.length > DEEPEST || path.includes(schema)) return Infinity;
    if (!isObject(schema)) return 1;
    if (++steps > MOST_STEPS) throw new Unmakeable(pointer, 'the schema is too tangled for the sandbox');
    const inside = [...path, schema];
    if (Object.hasOwn(schema, 'const') || Array.isArray(schema.enum)) return 1;
    const branches = schema.anyOf ?? schema.oneOf;
    const shallowest = Array.isArray(branches)
      ? Math.min(...(branches as unknown[]).map(branch => measure(branch, inside, pointer)))
      : 0;
    const children = mustHold(schema);
    if (typeof schema.$ref === 'string') children.push(target(root, schema.$ref, pointer));
    const deepest = Math.max(0, ...children.map(child => measure(child, inside, pointer)));
    return 1 + Math.max(shallowest, deepest);
  };

  return (part, pointer) => {
    const height = known.get(part) ?? measure(part, [], pointer);
    known.set(part, height);
    return height;
  };
}

/** The schemas of everything that an instance cannot do without. */
function mustHold(schema: JsonObject): unknown[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const children: unknown[] = requiredOf(schema).flatMap(name =>
    Object.hasOwn(properties, name) ? [properties[name]] : [],
  );
  if (Array.isArray(schema.prefixItems)) children.push(...(schema.prefixItems as unknown[]));
  if (typeof schema.minItems === 'number' && schema.minItems > 0 && schema.items !== undefined)
    children.push(schema.items);
  if (Array.isArray(schema.allOf)) children.push(...(schema.allOf as unknown[]));
  return children;
}
