import { applyDecorators } from '@nestjs/common';
import { IsString, isObject, Length, ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import { parseCidr } from '../auth/ip-allowlist.js';

/** May be absent, but not null: for fields of a PATCH that cannot be cleared. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_: unknown, value: unknown) => value !== undefined);
}

/** Text of `min` to `max` characters that PostgreSQL can keep: no NUL, no half of a surrogate pair. */
export function IsText(min: number, max: number, options?: ValidationOptions): PropertyDecorator {
  return applyDecorators(
    IsString(options),
    Length(min, max, options),
    is('isPlainText', isPlainText, 'must not hold NUL or broken characters', options),
  );
}

/** A moment with its zone: `2027-01-01T00:00:00Z`. */
export function IsIsoDateTime(options?: ValidationOptions): PropertyDecorator {
  return is('isIsoDateTime', isMoment, 'must be a moment like 2027-01-01T00:00:00Z', options);
}

/** `10.0.0.0/8`, `2001:db8::/32` or one address. */
export function IsCidr(options?: ValidationOptions): PropertyDecorator {
  return is('isCidr', value => typeof value === 'string' && parseCidr(value) !== undefined, 'must be CIDRs', options);
}

/** Vendor id → lane. */
export function IsLanes(): PropertyDecorator {
  const lanes = new Set<unknown>(['direct', 'cheap', 'auto']);
  return is(
    'isLanes',
    value => isSmallMap(value, 100, (vendor, lane) => /^[\w.-]{1,64}$/.test(vendor) && lanes.has(lane)),
    'must map vendor ids to direct, cheap or auto',
  );
}

/** At most 16 short texts by short names, for the operator's own use. Reports ask for them as `label:<name>` and `<name>:<value>`. */
export function IsLabels(): PropertyDecorator {
  return is(
    'isLabels',
    value =>
      isSmallMap(value, 16, (name, text) => /^[^,:]{1,64}$/.test(name) && isPlainText(text) && text.length <= 512),
    'must map at most 16 names (1 to 64 characters, no comma, no colon) to texts (512 characters)',
  );
}

/** An http(s) URL without credentials, query or fragment: a path is put behind it. */
export function IsHttpUrl(): PropertyDecorator {
  return is('isHttpUrl', isHttpUrl, 'must be an http:// or https:// URL without credentials, query and fragment');
}

/** Where something is posted to: an http(s) URL without credentials or fragment. */
export function IsReceiverUrl(): PropertyDecorator {
  return is('isReceiverUrl', isReceiverUrl, 'must be an http:// or https:// URL without credentials and fragment');
}

/** A text, or an object of texts. */
export function IsCredential(): PropertyDecorator {
  const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= 20_000;
  return is(
    'isCredential',
    value => isText(value) || isSmallMap(value, 20, (name, text) => name.length <= 64 && isText(text)),
    'must be a text, or an object of texts where the provider needs several',
  );
}

/** Whether a model can do it or not, by name. */
export function IsFlags(): PropertyDecorator {
  return is(
    'isFlags',
    value => isSmallMap(value, 50, (name, flag) => /^\w{1,64}$/.test(name) && typeof flag === 'boolean'),
    'must map names to true or false',
  );
}

/** USD: a number or a decimal text. How many decimals are fine is for the catalog to say. */
export function IsUsd(): PropertyDecorator {
  return is(
    'isUsd',
    value => typeof value === 'number' || typeof value === 'string',
    'must be a number or decimal string',
  );
}

function is(name: string, validate: (value: unknown) => boolean, message: string, options?: ValidationOptions) {
  return ValidateBy({ name, validator: { validate, defaultMessage: () => message } }, options);
}

function isMoment(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(value) && !isNaN(Date.parse(value));
}

function isSmallMap(value: unknown, most: number, fits: (name: string, item: unknown) => boolean): boolean {
  if (!isObject<Record<string, unknown>>(value) || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= most && entries.every(([name, item]) => isPlainText(name) && fits(name, item));
}

function isPlainText(value: unknown): value is string {
  return typeof value === 'string' && !/[\0\p{Surrogate}]/u.test(value);
}

function isHttpUrl(value: unknown): boolean {
  return isReceiverUrl(value) && new URL(value).search === '';
}

function isReceiverUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 2000 || !URL.canParse(value) || !isPlainText(value)) return false;
  const { protocol, username, password, hash } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && `${username}${password}${hash}` === '';
}
