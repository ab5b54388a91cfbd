import { LazuError } from '../../errors.js';
import type { CacheMark, Source } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { isAbsent, isObject, missing, wrongType } from '../scalars.js';

/** Another channel may speak this protocol itself, and then it is no trouble. */
export const unsupported = (param: string, why: string): LazuError =>
  new LazuError('unsupported_parameter', `\`${param}\` ${why}`, { param, retryable: true });

/** @param within path of `object`, of which an error names the field */
export function requiredText(object: JsonObject, name: string, within: string): string {
  const value = object[name];
  if (isAbsent(value)) throw missing(`${within}.${name}`);
  if (typeof value !== 'string') throw wrongType(`${within}.${name}`, 'a string');
  return value;
}

/** https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
export function readCacheMark({ cache_control: mark }: JsonObject): { cache?: CacheMark } {
  if (!isObject(mark)) return {};
  return { cache: { lifetime: mark.ttl === '5m' || mark.ttl === '1h' ? mark.ttl : undefined } };
}

/** What an image or a document is made of; `content` is for the caller to read. */
export function readSource(source: unknown, path: string): Source {
  if (!isObject(source)) throw isAbsent(source) ? missing(path) : wrongType(path, 'an object');
  switch (source.type) {
    case 'base64': {
      const mediaType = requiredText(source, 'media_type', path).toLowerCase();
      return { kind: 'bytes', mediaType, data: requiredText(source, 'data', path) };
    }
    case 'text': {
      const text = requiredText(source, 'data', path);
      return { kind: 'bytes', mediaType: 'text/plain', data: Buffer.from(text).toString('base64') };
    }
    case 'url': {
      const url = requiredText(source, 'url', path);
      if (/^https:\/\//i.test(url)) return { kind: 'url', url };
      throw new LazuError('invalid_value', `\`${path}.url\` must be an HTTPS URL.`, { param: `${path}.url` });
    }
    default:
      throw unsupported(`${path}.type`, 'is not known to this model.');
  }
}
