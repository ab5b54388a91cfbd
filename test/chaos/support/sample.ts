import type { Seeded } from '../../conformance/support/seeded.js';

type Schema = Record<string, any>;

const WORDS = [
  'hello',
  'Zürich',
  '日本',
  '🌊',
  '"quoted"',
  'a\nb',
  '',
  ' ',
  '\u0000',
  '{"a":1}',
  'data: [DONE]\n\n',
  '<|end|>',
];
/** Values that belong nowhere in particular. */
const STRANGE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1e308, 0.1, 2 ** 53, [], {}, '', 'x'.repeat(5_000), [[[[]]]]],
  ...[
    { a: { b: { c: {} } } },
    ['x', 1, null],
    { type: 'none' },
    JSON.parse('{"__proto__":{"stream":true},"toString":1}'),
  ],
];

/** Makes values that fit a schema of the OpenAPI file, always the same for the same seed. */
export class Sampler {
  constructor(
    private readonly components: Readonly<Record<string, any>>,
    private readonly random: Seeded,
    /** How often a field is there that need not be. */
    private readonly optional = 0.1,
  ) {}

  value(schema: Schema, depth = 0): unknown {
    const { random } = this;
    if (schema['$ref']) return this.value(this.components[String(schema['$ref']).split('/').at(-1)!], depth);
    if (schema['const'] !== undefined) return schema['const'];
    if (schema['enum']) return random.pick(schema['enum'] as unknown[]);
    if (schema['allOf']) return this.#all(schema['allOf'] as Schema[], depth);
    const either = (schema['oneOf'] ?? schema['anyOf']) as Schema[] | undefined;
    if (either) return this.value(random.pick(either), depth);
    const type = Array.isArray(schema['type']) ? random.pick(schema['type'] as string[]) : schema['type'];
    switch (type) {
      case 'string':
        return this.#words(schema);
      case 'integer':
        return Math.round(this.#number(schema));
      case 'number':
        return this.#number(schema);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      case 'array': {
        const length = (schema['minItems'] ?? 0) + random.below(depth > 4 ? 1 : 3);
        return Array.from({ length }, () => this.value(schema['items'] ?? {}, depth + 1));
      }
      default:
        return this.#object(schema, depth);
    }
  }

  strange(): unknown {
    return this.random.pick(STRANGE);
  }

  #all(parts: Schema[], depth: number): unknown {
    const values = parts.map(part => this.value(part, depth));
    return values.every(value => typeof value === 'object') ? Object.assign({}, ...values) : values[0];
  }

  #object({ properties = {}, required = [], additionalProperties: more }: Schema, depth: number): object {
    const fields = Object.entries(properties as Record<string, Schema>).filter(
      ([name]) => (required as string[]).includes(name) || (depth < 6 && this.random.chance(this.optional)),
    );
    const value = Object.fromEntries(fields.map(([name, schema]) => [name, this.value(schema, depth + 1)]));
    if (typeof more === 'object' && this.random.chance(0.5))
      value[this.random.pick(WORDS)] = this.value(more, depth + 1);
    return value;
  }

  #words({ minLength = 0, maxLength = 200 }: Schema): string {
    const text = Array.from({ length: this.random.below(4) }, () => this.random.pick(WORDS)).join(' ');
    return text.padEnd(minLength, 'x').slice(0, maxLength);
  }

  #number({ minimum = -1000, maximum = 1000 }: Schema): number {
    const [least, most] = [Math.max(minimum, -1e6), Math.min(maximum, 1e6)];
    return this.random.chance(0.2) ? this.random.pick([least, most]) : least + this.random.next() * (most - least);
  }
}
