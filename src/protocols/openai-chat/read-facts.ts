import type { VendorTool } from '../bounds.js';
import type { JsonObject, RequestFacts } from '../protocol.js';
import { checkScalars, isAbsent, missing, outOfBounds, wrongType } from './scalars.js';
import { refuseStoredInTools, refuseStoredObjects, refuseStoredPart, storedObject } from './stored-objects.js';

/** GPT-4o's tiles of a 2048 × 2048 image in high detail. */
const IMAGE_TOKENS_LIKELY = 1_105;
/** English runs at about four bytes a token, and no token is shorter than a byte. */
const BYTES_PER_TOKEN_LIKELY = 4;

const NO_TOOLS: readonly VendorTool[] = [];
/** https://platform.openai.com/docs/guides/tools-web-search?api-mode=chat */
const SEARCHES_ONCE: readonly VendorTool[] = [{ dimension: 'tool_web_search', uses: 1 }];

interface Walk {
  images: number;
  /** Bytes inside data URLs: they are no text, and no measure of an image's tokens. */
  imageBytes: number;
  /** Bytes of audio and files: no text either. */
  mediaBytes: number;
  needs: Set<string>;
}

/**
 * Check what the gateway itself depends on, and read what it must know. Everything else is the upstream's to judge.
 * @param size bytes of the body
 * @throws LazuError `missing_required_parameter`, `invalid_request`, `invalid_value` or `unsupported_parameter`, with `param`
 */
export function readFacts(body: JsonObject, size: number): RequestFacts {
  const { model, messages } = body;
  if (isAbsent(model) || model === '') throw missing('model');
  if (typeof model !== 'string') throw wrongType('model', 'a string');
  if (isAbsent(messages)) throw missing('messages');
  if (!Array.isArray(messages)) throw wrongType('messages', 'an array');
  if (messages.length === 0) throw outOfBounds('messages', '`messages` must hold at least one message.');
  checkScalars(body);
  refuseStoredObjects(body);
  refuseStoredInTools(body.tools);

  const walk: Walk = { images: 0, imageBytes: 0, mediaBytes: 0, needs: new Set() };
  for (let index = 0; index < messages.length; index++) walkMessage(messages[index], index, walk);
  if (Array.isArray(body.tools) && body.tools.length > 0) walk.needs.add('tools');
  if (!isAbsent(body.web_search_options)) walk.needs.add('tool_web_search');
  if (Array.isArray(body.modalities) && body.modalities.includes('audio')) walk.needs.add('audio');

  const textBytes = Math.max(0, size - walk.imageBytes - walk.mediaBytes);
  const streamOptions = body.stream_options as { include_usage?: unknown } | null | undefined;
  return {
    model,
    stream: body.stream === true,
    includeUsage: streamOptions?.include_usage === true,
    n: (body.n as number | null | undefined) ?? 1,
    maxOutputTokens: (body.max_completion_tokens ?? body.max_tokens ?? undefined) as number | undefined,
    inputTokensBound: textBytes + walk.mediaBytes,
    images: walk.images,
    inputTokensEstimate: Math.ceil(textBytes / BYTES_PER_TOKEN_LIKELY) + walk.images * IMAGE_TOKENS_LIKELY,
    serviceTier: (body.service_tier ?? undefined) as string | undefined,
    needs: [...walk.needs],
    vendorTools: isAbsent(body.web_search_options) ? NO_TOOLS : SEARCHES_ONCE,
  };
}

function walkMessage(message: unknown, index: number, walk: Walk): void {
  if (!isObject(message)) throw wrongType(`messages.${index}`, 'an object');
  if (isAbsent(message.role)) throw missing(`messages.${index}.role`);
  if (typeof message.role !== 'string') throw wrongType(`messages.${index}.role`, 'a string');
  if (isObject(message.audio) && !isAbsent(message.audio.id)) throw storedObject(`messages.${index}.audio.id`);
  const { content } = message;
  if (typeof content === 'string' || isAbsent(content)) return;
  if (!Array.isArray(content)) throw wrongType(`messages.${index}.content`, 'a string or an array of parts');
  for (let at = 0; at < content.length; at++) walkPart(content[at], `messages.${index}.content.${at}`, walk);
}

function walkPart(part: unknown, path: string, walk: Walk): void {
  if (!isObject(part)) throw wrongType(path, 'an object');
  if (typeof part.type !== 'string')
    throw isAbsent(part.type) ? missing(`${path}.type`) : wrongType(`${path}.type`, 'a string');
  if (part.type === 'text') return;
  refuseStoredPart(part, part.type, path);
  if (part.type === 'image_url') {
    walk.images++;
    walk.needs.add('vision');
    walk.imageBytes += dataUrlBytes(isObject(part.image_url) ? part.image_url.url : part.image_url);
  } else if (part.type === 'input_audio') {
    walk.needs.add('audio');
    if (isObject(part.input_audio)) walk.mediaBytes += lengthOf(part.input_audio.data);
  } else if (part.type === 'file' && isObject(part.file)) {
    walk.mediaBytes += lengthOf(part.file.file_data);
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);
const dataUrlBytes = (url: unknown): number => (typeof url === 'string' && url.startsWith('data:') ? url.length : 0);
