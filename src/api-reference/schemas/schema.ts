import type { JsonObject } from '../../protocols/protocol.js';

/** A JSON Schema of draft 2020-12, which is what OpenAPI 3.1 speaks. */
export type Schema = JsonObject;

export const text = (description?: string, more: Schema = {}): Schema => said({ type: 'string', ...more }, description);
export const integer = (description?: string, more: Schema = {}): Schema =>
  said({ type: 'integer', ...more }, description);
export const number = (description?: string, more: Schema = {}): Schema =>
  said({ type: 'number', ...more }, description);
export const flag = (description?: string): Schema => said({ type: 'boolean' }, description);
export const oneOf = (values: readonly (string | number)[], description?: string): Schema =>
  said({ type: typeof values[0], enum: values }, description);
export const exactly = (value: string | boolean): Schema => ({ type: typeof value, const: value });
export const moment = (description?: string): Schema => text(description, { format: 'date-time' });
export const listOf = (items: Schema, description?: string): Schema => said({ type: 'array', items }, description);
export const mapOf = (values: Schema, description?: string): Schema =>
  said({ type: 'object', additionalProperties: values }, description);
export const anyObject = (description?: string): Schema =>
  said({ type: 'object', additionalProperties: true }, description);
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** The same, or null. */
export function nullable(schema: Schema): Schema {
  const { type, enum: values, description, ...rest } = schema;
  if (typeof type !== 'string') return said({ anyOf: [schema, { type: 'null' }] }, description as string | undefined);
  const nulled = { type: [type, 'null'], ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }) };
  return said({ ...nulled, ...rest }, description as string | undefined);
}

/** An object whose properties are all there, but for those named `optional`. */
export function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter(name => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

/** A request body: only what is named is required, as every other field has a default. */
export function request(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema {
  return { type: 'object', properties, required };
}

const said = (schema: Schema, description: string | undefined): Schema =>
  description === undefined ? schema : { ...schema, description };
