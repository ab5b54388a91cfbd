import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import type { JsonObject } from '../../../protocols/protocol.js';
import { instanceOf } from './instance.js';
import { textMatching, UnsupportedPattern } from './pattern.js';
import { Unmakeable } from './resolve.js';

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (to: Ajv2020) => void)(ajv);

function valid(schema: JsonObject): unknown {
  const made = instanceOf(schema);
  const validate = ajv.compile(schema);
  if (!validate(made)) throw new Error(`${JSON.stringify(made)}: ${ajv.errorsText(validate.errors)}`);
  return made;
}

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});

const tree = {
  $defs: {
    node: object({ value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } }),
  },
  $ref: '#/$defs/node',
};

describe('instanceOf', () => {
  it.each<[string, JsonObject]>([
    [
      'scalars',
      object({ s: { type: 'string' }, n: { type: 'number' }, i: { type: 'integer' }, b: { type: 'boolean' } }),
    ],
    ['nullable types', object({ a: { type: ['null', 'string'] }, b: { type: 'null' } })],
    ['enum and const', object({ a: { enum: ['x', 'y'] }, b: { const: { deep: [1] } } })],
    [
      'bounds',
      object({ a: { type: 'integer', minimum: 5, maximum: 6 }, b: { exclusiveMinimum: 1, exclusiveMaximum: 2 } }),
    ],
    ['a negative range', object({ a: { type: 'number', maximum: -3 }, b: { type: 'integer', exclusiveMaximum: 0 } })],
    ['multiples', object({ a: { type: 'integer', multipleOf: 7, minimum: 8 }, b: { multipleOf: 0.5, minimum: 0.6 } })],
    ['lengths', object({ a: { type: 'string', minLength: 40 }, b: { type: 'string', maxLength: 3 } })],
    ['a name that is not ASCII', object({ 'größe 👍': { type: 'string', minLength: 12, maxLength: 12 } })],
    ['arrays', object({ a: { type: 'array', items: { type: 'string' }, minItems: 3, uniqueItems: true } })],
    ['unique numbers and enums', { type: 'array', items: { enum: ['a', 'b'] }, minItems: 2, uniqueItems: true }],
    ['tuples', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false }],
    ['an array that must be empty', { type: 'array', maxItems: 0, items: { type: 'string' } }],
    [
      'anyOf beside other keywords',
      { type: 'object', required: ['a'], anyOf: [{ properties: { a: { type: 'integer' } } }] },
    ],
    ['allOf', { allOf: [object({ a: { type: 'string' } }, { additionalProperties: true }), { required: ['b'] }] }],
    [
      'references by path',
      { definitions: { 'a/b': { type: 'integer' } }, ...object({ x: { $ref: '#/definitions/a~1b' } }) },
    ],
    ['a linked list', tree],
    ['itself as the root', object({ children: { type: 'array', items: { $ref: '#' } } })],
    [
      'mutual recursion',
      {
        $defs: {
          a: object({ b: { $ref: '#/$defs/b' } }),
          b: object({ a: { anyOf: [{ $ref: '#/$defs/a' }, { type: 'null' }] } }),
        },
        $ref: '#/$defs/a',
      },
    ],
    [
      'an alias of an alias',
      { $defs: { a: { $ref: '#/$defs/b' }, b: object({ n: { type: 'integer' } }) }, $ref: '#/$defs/a' },
    ],
    ['open objects', { type: 'object', minProperties: 2, additionalProperties: { type: 'integer' } }],
    ['no type at all', {}],
    [
      '__proto__ as a name',
      JSON.parse(
        '{"type":"object","properties":{"__proto__":{"type":"integer"}},"required":["__proto__"]}',
      ) as JsonObject,
    ],
  ])('makes %s', (_, schema) => {
    const made = valid(schema);
    expect(instanceOf(schema)).toEqual(made);
  });

  it.each('date-time date time duration email hostname ipv4 ipv6 uuid uri uri-reference json-pointer regex'.split(' '))(
    'makes a text of format %s',
    format => {
      valid({ type: 'string', format });
    },
  );

  it.each<[string, JsonObject, string]>([
    ['a required cycle', { $defs: { a: object({ a: { $ref: '#/$defs/a' } }) }, $ref: '#/$defs/a' }, ''],
    ['not', object({ a: { not: { type: 'string' } } }), '/properties/a/not'],
    ['bounds that leave nothing', object({ a: { type: 'integer', minimum: 3, maximum: 2 } }), '/properties/a'],
    ['look-ahead', object({ a: { type: 'string', pattern: '^(?=x)' } }), '/properties/a/pattern'],
    ['a reference into nothing', { $ref: '#/$defs/gone' }, ''],
    ['a reference to elsewhere', { $ref: 'https://example.com/schema' }, ''],
    ['more than it may', { type: 'array', minItems: 1e9, items: {} }, ''],
    ['a text longer than it may', { type: 'string', minLength: 1e9 }, ''],
    ['false', object({ a: false }), '/properties/a'],
  ])('says where it cannot: %s', (_, schema, pointer) => {
    let thrown: unknown;
    try {
      instanceOf(schema);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Unmakeable);
    expect((thrown as Unmakeable).pointer).toContain(pointer);
  });

  it('makes a valid instance of any schema of strict mode, or says that it cannot', () => {
    const leaf = fc.oneof(
      fc.record({ type: fc.constantFrom('string', 'number', 'integer', 'boolean', 'null') }),
      fc.record({ enum: fc.uniqueArray(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 3 }) }),
      fc.record({
        type: fc.constant('integer'),
        minimum: fc.integer({ min: -50, max: 0 }),
        maximum: fc.integer({ min: 0, max: 50 }),
      }),
      fc.record({ type: fc.constant('string'), minLength: fc.nat(20), maxLength: fc.integer({ min: 20, max: 40 }) }),
      fc.constant({ $ref: '#/$defs/node' }),
    );
    const { schema } = fc.letrec<{ schema: JsonObject }>(tie => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc
          .dictionary(fc.string({ minLength: 1, maxLength: 8 }), tie('schema'), { maxKeys: 4 })
          .map(fields => object(fields)),
        fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
        fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map(anyOf => ({ anyOf })),
      ),
    }));
    fc.assert(
      fc.property(schema, drawn => {
        valid({ $defs: tree.$defs, ...object({ it: drawn }) });
      }),
      { numRuns: 300 },
    );
  });
});

describe('instanceOf', () => {
  it('answers any nonsense with an instance or a reason', () => {
    const keywords = (
      '$ref $defs type enum const anyOf oneOf allOf properties required additionalProperties items prefixItems minItems ' +
      'maxItems minLength maxLength pattern format minimum maximum multipleOf minProperties'
    ).split(' ');
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('#', '#/$defs/%', 'object', 'array', '((('));
    const { schema } = fc.letrec<{ schema: JsonObject }>(tie => ({
      schema: fc.dictionary(fc.constantFrom(...keywords), fc.oneof(value, tie('schema'), fc.array(tie('schema'))), {
        maxKeys: 4,
      }),
    }));
    fc.assert(
      fc.property(schema, nonsense => {
        try {
          instanceOf(nonsense);
        } catch (error) {
          expect(error).toBeInstanceOf(Unmakeable);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('textMatching', () => {
  it.each([
    '^[A-Z]{3}-\\d{4}$',
    '^\\+?[1-9]\\d{1,14}$',
    '^(?:red|green)$',
    '^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$',
    '^#(?:[0-9a-fA-F]{3}){1,2}$',
    '^\\w+(?:-\\w+)*$',
    '^[\\w.-]+$',
    'abc',
    '^\\u0041\\x42$',
    '^(?<year>\\d{4})-(?<month>0[1-9]|1[0-2])$',
    '',
  ])('%s', pattern => {
    expect(textMatching(pattern, 0)).toMatch(new RegExp(pattern, 'u'));
  });

  it('reaches a length where the pattern lets it', () => {
    expect(textMatching('^[a-z]*$', 12)).toMatch(/^[a-z]{12}$/);
    expect(() => textMatching('^a$', 2)).toThrow(UnsupportedPattern);
  });

  it.each([
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    '\\bword',
    '[',
    '(',
    'a{99999}',
    '(?:(?:a{999}){999}){999}',
    '('.repeat(9999),
  ])('does not pretend with %s', pattern => {
    expect(() => textMatching(pattern, 0)).toThrow(UnsupportedPattern);
  });
});
