import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { LazuError } from '../errors.js';

/** Constraints that say "wrong JSON type" rather than "out of bounds". */
const TYPE_CONSTRAINTS = new Set([
  'isString',
  'isInt',
  'isNumber',
  'isBoolean',
  'isArray',
  'isObject',
  'nestedValidation',
  'isIsoDateTime',
  'isUsd',
]);

/** Constraints on texts: whatever is none has the wrong JSON type. */
const TEXT_CONSTRAINTS = new Set(['isIn', 'isCidr', 'isHttpUrl', 'isReceiverUrl']);

/** Management bodies and queries: whitelisted, transformed, and refused in the contract's words. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    stopAtFirstError: true,
    exceptionFactory: errors => asLazuError(errors),
  });
}

function asLazuError(errors: ValidationError[]): LazuError {
  const { path, error } = deepest(errors[0]!, '');
  const constraints = Object.entries(error.constraints ?? {});
  const [constraint = '', message = 'is not valid'] = constraints[constraints.length - 1] ?? [];
  const sentence = `\`${path}\`: ${message}.`;
  if (constraint === 'whitelistValidation')
    return new LazuError('unsupported_parameter', `\`${path}\` is not a field of this request.`, { param: path });
  if (error.value === undefined)
    return new LazuError('missing_required_parameter', `\`${path}\` is required: ${message}.`, { param: path });
  if (isTypeError(constraint, error.value)) return new LazuError('invalid_request', sentence, { param: path });
  return new LazuError('invalid_value', sentence, { param: path });
}

function isTypeError(constraint: string, value: unknown): boolean {
  if (TYPE_CONSTRAINTS.has(constraint)) return true;
  return TEXT_CONSTRAINTS.has(constraint) && [value].flat().some(item => typeof item !== 'string');
}

function deepest(error: ValidationError, prefix: string): { path: string; error: ValidationError } {
  const path = prefix === '' ? error.property : `${prefix}.${error.property}`;
  const child = error.children?.[0];
  return child ? deepest(child, path) : { path, error };
}
