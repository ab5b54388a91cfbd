import type { JsonObject } from '../../../protocols/protocol.js';
import { isObject, target, Unmakeable } from './resolve.js';

const MOST_STEPS = 20_000;
const DEEPEST = 100;

/**
 * How deep the flattest instance of a schema is: 1 for a scalar, Infinity where every way leads back to itself. The flattest
 * instance never holds the same schema inside itself, so a schema that is met again on its own path counts as endless.
 * @throws Unmakeable when the schema is too tangled to be measured
 */
export function heightOf(root: JsonObject, part: unknown, pointer: string): number {
  let steps = 0;

  const measure = (schema: unknown, path: readonly unknown[]): number => {
    if (schema === false || path.length > DEEPEST || path.includes(schema)) return Infinity;
    if (!isObject(schema)) return 1;
    if (++steps > MOST_STEPS) throw new Unmakeable(pointer, 'the schema is too tangled for the sandbox');
    const inside = [...path, schema];
    if (Object.hasOwn(schema, 'const') || Array.isArray(schema.enum)) return 1;
    const branches = schema.anyOf ?? schema.oneOf;
    const shallowest = Array.isArray(branches)
      ? Math.min(...(branches as unknown[]).map(branch => measure(branch, inside)))
      : 0;
    const children = mustHold(schema);
    if (typeof schema.$ref === 'string') children.push(target(root, schema.$ref, pointer));
    const deepest = Math.max(0, ...children.map(child => measure(child, inside)));
    return 1 + Math.max(shallowest, deepest);
  };

  return measure(part, []);
}

/** The schemas of everything that an instance cannot do without. */
function mustHold(schema: JsonObject): unknown[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
  const children: unknown[] = required.flatMap(name => (Object.hasOwn(properties, name) ? [properties[name]] : []));
  if (Array.isArray(schema.prefixItems)) children.push(...(schema.prefixItems as unknown[]));
  if (typeof schema.minItems === 'number' && schema.minItems > 0 && schema.items !== undefined)
    children.push(schema.items);
  if (Array.isArray(schema.allOf)) children.push(...(schema.allOf as unknown[]));
  return children;
}
