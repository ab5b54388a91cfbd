import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import { fragmentOf } from './check-schemas.js';
import type { Schema } from './schemas/schema.js';

/**
 * What the reference says of a field follows from the decorators that check it, so that neither can be forgotten and controllers
 * carry nothing for the documentation. (The compiler plugin of @nestjs/swagger would need to run in every tool that compiles.)
 * @param nullable an optional field may be null: in a body it may, in a query string there is no null
 */
export function describeDto(dto: Type<object>, { nullable }: { nullable: boolean }): void {
  const defaults = new dto() as Record<string, unknown>;
  for (const [name, checks] of fieldsOf(dto)) {
    const fallback = defaults[name];
    const isOptional = fallback !== undefined || checks.some(check => check.type === 'conditionalValidation');
    const mayBeNull = nullable && checks.some(check => check.name === 'isOptional');
    const options = {
      ...schemaOf(checks, dto, name),
      required: !isOptional,
      ...(fallback !== undefined && { default: fallback }),
      ...(mayBeNull && { nullable: true }),
    };
    ApiProperty(options)(dto.prototype as object, name);
  }
}

/** Whether any decorator checks this class: it is a DTO then. */
export const isDto = (type: unknown): type is Type<object> =>
  typeof type === 'function' && fieldsOf(type as Type<object>).size > 0;

function fieldsOf(dto: Type<object>): Map<string, ValidationMetadata[]> {
  const fields = new Map<string, ValidationMetadata[]>();
  for (const check of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
    fields.set(check.propertyName, [...(fields.get(check.propertyName) ?? []), check]);
  }
  return fields;
}

function schemaOf(checks: readonly ValidationMetadata[], dto: Type<object>, name: string): Schema {
  const own = merge(checks.filter(check => !check.each));
  const nested = checks.find(check => check.type === 'nestedValidation');
  if (nested) {
    const type = nestedType(dto, name, nested.each);
    describeDto(type, { nullable: true });
    return { ...(nested.each && { ...own, isArray: true }), type: () => type };
  }
  return own['type'] === 'array' ? { ...own, items: merge(checks.filter(check => check.each)) } : own;
}

/** The class that `@Type` names: found by what class-transformer makes of an empty one. */
function nestedType(dto: Type<object>, name: string, each: boolean): Type<object> {
  const made = plainToInstance(dto, { [name]: each ? [{}] : {} }) as Record<string, object | object[]>;
  return [made[name]].flat()[0]!.constructor as Type<object>;
}

const merge = (checks: readonly ValidationMetadata[]): Schema =>
  Object.assign({}, ...checks.map(check => fragmentOf(check))) as Schema;
