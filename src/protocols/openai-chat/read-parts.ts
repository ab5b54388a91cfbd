import { LazuError } from '../../errors.js';
import type { Block, CacheMark, ImageBlock, Source, TextBlock } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { isAbsent, missing, wrongType } from './scalars.js';

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const unsupported = (param: string, why: string): LazuError =>
  new LazuError('unsupported_parameter', `\`${param}\` ${why}`, { param });

/** The content of a message, as a string or as parts; what is empty says nothing. */
export function readContent(content: unknown, path: string, cache: CacheMark | undefined): Block[] {
  if (isAbsent(content) || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content, path, cache }];
  if (!Array.isArray(content)) throw wrongType(path, 'a string or an array of parts');
  return content.map((part, at) => readPart(part, `${path}.${at}`));
}

/** What may stand in a tool's result. */
export function readResult(content: unknown, path: string): (TextBlock | ImageBlock)[] {
  return readContent(content, path, undefined).map(block => {
    if (block.type === 'text' || block.type === 'image') return block;
    throw unsupported(block.path, 'cannot stand in the result of a tool.');
  });
}

/** An extension of OpenAI's shape that clients of Anthropic's models use: https://openrouter.ai/docs/features/prompt-caching */
export function readCacheMark({ cache_control: mark }: JsonObject): CacheMark | undefined {
  if (!isObject(mark)) return undefined;
  return { lifetime: mark.ttl === '5m' || mark.ttl === '1h' ? mark.ttl : undefined };
}

function readPart(part: unknown, path: string): Block {
  if (!isObject(part)) throw wrongType(path, 'an object');
  const cache = readCacheMark(part);
  switch (part.type) {
    case 'text':
      return { type: 'text', text: requiredText(part.text, `${path}.text`), path, cache };
    case 'refusal':
      return { type: 'text', text: requiredText(part.refusal, `${path}.refusal`), path };
    case 'image_url': {
      const { url, detail } = isObject(part.image_url) ? part.image_url : { url: part.image_url };
      const source = readSource(requiredText(url, `${path}.image_url.url`), path);
      return { type: 'image', source, ...readDetail(detail), path, cache };
    }
    case 'input_audio': {
      const audio = isObject(part.input_audio) ? part.input_audio : {};
      const data = requiredText(audio.data, `${path}.input_audio.data`);
      return { type: 'audio', format: requiredText(audio.format, `${path}.input_audio.format`), data, path };
    }
    case 'file': {
      const file = isObject(part.file) ? part.file : {};
      const name = typeof file.filename === 'string' ? file.filename : undefined;
      const data = requiredText(file.file_data, `${path}.file.file_data`);
      return { type: 'file', name, source: readSource(data, path, 'application/pdf'), path, cache };
    }
    default:
      throw unsupported(`${path}.type`, 'is not known to this model.');
  }
}

/** https://platform.openai.com/docs/guides/images-vision#choose-an-image-detail-level */
const readDetail = (detail: unknown): { detail?: string } =>
  typeof detail === 'string' && detail !== '' && detail !== 'auto' ? { detail } : {};

/** A data URL, a place, or, where the type goes without saying, bare base64. */
function readSource(text: string, path: string, bareType?: string): Source {
  const data = /^data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,/i.exec(text);
  if (data) {
    const [head, mediaType = '', , base64] = data;
    const body = text.slice(head.length);
    const bytes = base64 ? body : Buffer.from(decodeURIComponent(body)).toString('base64');
    return { kind: 'bytes', mediaType: mediaType.toLowerCase() || 'text/plain', data: bytes };
  }
  if (/^https:\/\//i.test(text)) return { kind: 'url', url: text };
  if (bareType !== undefined) return { kind: 'bytes', mediaType: bareType, data: text };
  throw new LazuError('invalid_value', `\`${path}\` must be a data URL or an HTTPS URL.`, { param: path });
}

function requiredText(value: unknown, path: string): string {
  if (isAbsent(value)) throw missing(path);
  if (typeof value !== 'string') throw wrongType(path, 'a string');
  return value;
}
