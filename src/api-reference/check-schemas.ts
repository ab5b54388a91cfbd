import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import type { Schema } from './schemas/schema.js';

const LANES = ['direct', 'cheap', 'auto'];
const texts: Schema = { type: 'object', additionalProperties: { type: 'string' } };

/** What one decorator of class-validator, or of `admin/validators.ts`, says in JSON Schema. */
export function fragmentOf({ name, constraints = [] }: ValidationMetadata): Schema {
  const [first, second] = constraints as [unknown, unknown];
  switch (name) {
    case 'isString':
    case 'isCidr':
      return { type: 'string' };
    case 'isHttpUrl':
    case 'isReceiverUrl':
      return { type: 'string', format: 'uri' };
    case 'isDay':
      return { type: 'string', format: 'date' };
    case 'isIsoDateTime':
      return { type: 'string', format: 'date-time' };
    case 'matches':
      return { pattern: (first as RegExp).source };
    case 'isLength':
      return { minLength: first, maxLength: second };
    case 'isInt':
      return { type: 'integer' };
    case 'isNumber':
      return { type: 'number' };
    case 'min':
      return { minimum: first };
    case 'max':
      return { maximum: first };
    case 'isDivisibleBy':
      return { multipleOf: first };
    case 'isUsd':
      return { oneOf: [{ type: 'number' }, { type: 'string' }] };
    case 'isBoolean':
      return { type: 'boolean' };
    case 'isArray':
      return { type: 'array' };
    case 'arrayMinSize':
      return { minItems: first };
    case 'arrayMaxSize':
      return { maxItems: first };
    case 'arrayUnique':
      return { uniqueItems: true };
    case 'isIn':
      return { type: typeof (first as unknown[])[0], enum: first };
    case 'isObject':
      return { type: 'object', additionalProperties: true };
    case 'isLanes':
      return { additionalProperties: { type: 'string', enum: LANES } };
    case 'isLabels':
      return texts;
    case 'isFlags':
      return { type: 'object', additionalProperties: { type: 'boolean' } };
    case 'isCredential':
      return { oneOf: [{ type: 'string' }, texts] };
    default:
      return {};
  }
}
