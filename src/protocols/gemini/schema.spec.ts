import type { JsonObject } from '../protocol.js';
import { writeSchema } from './schema.js';

function written(schema: JsonObject) {
  const lost: string[] = [];
  return { schema: writeSchema(schema, pointer => lost.push(pointer)), lost };
}

describe('JSON schemas as Gemini takes them', () => {
  it.each<[JsonObject, JsonObject]>([
    [{ const: 'a' }, { enum: ['a'] }],
    [{ const: null }, { type: 'null' }],
    [{ nullable: true, type: 'string' }, { type: ['string', 'null'] }],
    [
      { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 9 },
      { type: 'integer', minimum: 1, maximum: 8 },
    ],
    [
      { definitions: { a: { type: 'string' } }, $ref: '#/definitions/a' },
      { $defs: { a: { type: 'string' } }, $ref: '#/$defs/a' },
    ],
    [
      { type: 'object', properties: { a: true }, additionalProperties: false, required: ['a'] },
      { type: 'object', properties: { a: {} }, additionalProperties: false, required: ['a'] },
    ],
    [
      { $schema: 'x', type: 'array', items: { anyOf: [{ type: 'null' }] }, default: [], minItems: 1 },
      { type: 'array', items: { anyOf: [{ type: 'null' }] }, minItems: 1 },
    ],
    [{ $ref: '#/$defs/a', description: 'An a.', default: 1 }, { $ref: '#/$defs/a' }],
    [
      { type: 'string', format: 'date-time', enum: ['x', null] },
      { type: 'string', format: 'date-time', enum: ['x', null] },
    ],
    // A property may be called like a keyword.
    [
      { type: 'object', properties: { pattern: { type: 'string' } } },
      { type: 'object', properties: { pattern: { type: 'string' } } },
    ],
  ])('%j says the same as %j', (schema, expected) => {
    expect(written(schema)).toEqual({ schema: expected, lost: [] });
  });

  it.each<[JsonObject, JsonObject, string]>([
    [{ type: 'string', minLength: 1 }, { type: 'string' }, '/minLength'],
    [{ type: 'string', format: 'email' }, { type: 'string' }, '/format'],
    [{ type: 'number', exclusiveMinimum: 0 }, { type: 'number' }, '/exclusiveMinimum'],
    [{ allOf: [{ type: 'string' }] }, {}, '/allOf'],
    [{ const: true }, {}, '/const'],
    [{ enum: [true] }, {}, '/enum'],
    [{ items: { not: {} } }, { items: {} }, '/items/not'],
    [{ anyOf: [{ type: 'string' }, { multipleOf: 2 }] }, { anyOf: [{ type: 'string' }, {}] }, '/anyOf/1/multipleOf'],
    [{ $ref: 'https://x/y' }, {}, '/$ref'],
    [{ $ref: '#/$defs/a', minimum: 1 }, { $ref: '#/$defs/a' }, '/minimum'],
    [{ $defs: { a: { if: {} } } }, { $defs: { a: {} } }, '/$defs/a/if'],
    [{ properties: { a: false } }, { properties: { a: {} } }, '/properties/a'],
  ])('%j becomes %j, and %s is lost', (schema, expected, pointer) => {
    expect(written(schema)).toEqual({ schema: expected, lost: [pointer] });
  });
});
