import { usesOf, type VendorTool } from '../bounds.js';
import type { JsonObject, RequestFacts } from '../protocol.js';
import { isAbsent, isObject, missing, outOfBounds, wrongType } from '../scalars.js';
import { isStoredPlace } from '../stored-place.js';
import { checkScalars } from './scalars.js';
import { refuseFields, storedFile } from './stored-objects.js';
import { dimensionOf, toolKind } from './tool-kinds.js';

/** https://platform.claude.com/docs/en/build-with-claude/vision */
const IMAGE_TOKENS_LIKELY = 1_600;
/** A document that the vendor fetches may have a hundred pages: https://platform.claude.com/docs/en/build-with-claude/pdf-support */
const DOCUMENT_TOKENS_BOUND = 200_000;
const DOCUMENT_TOKENS_LIKELY = 10_000;
/** English runs at about four bytes a token, and no token is shorter than a byte. */
const BYTES_PER_TOKEN_LIKELY = 4;
/** Bytes of a PDF for one token of it: some 50 KB a page. */
const DOCUMENT_BYTES_PER_TOKEN = 25;

interface Walk {
  images: number;
  /** Documents that the vendor fetches. */
  fetched: number;
  /** Base64 of images, and of documents. */
  imageBytes: number;
  documentBytes: number;
  readonly needs: Set<string>;
  readonly vendorTools: VendorTool[];
  /** Blocks around the block that is looked at. */
  depth: number;
}

/** A document made of blocks, in the result of a tool, in a message: nobody means more. */
const DEEPEST = 8;

/**
 * Check what the gateway itself depends on, and read what it must know. Everything else is the upstream's to judge.
 * @param size bytes of the body
 * @throws LazuError `missing_required_parameter`, `invalid_request`, `invalid_value` or `unsupported_parameter`, with `param`
 */
export function readFacts(body: JsonObject, size: number): RequestFacts {
  if (isAbsent(body.max_tokens)) throw missing('max_tokens');
  return readCountFacts(body, size);
}

/** The same for a question for the number of tokens, which has no `max_tokens`. */
export function readCountFacts(body: JsonObject, size: number): RequestFacts {
  const { model, messages } = body;
  if (isAbsent(model) || model === '') throw missing('model');
  if (typeof model !== 'string') throw wrongType('model', 'a string');
  if (isAbsent(messages)) throw missing('messages');
  if (!Array.isArray(messages)) throw wrongType('messages', 'an array');
  if (messages.length === 0) throw outOfBounds('messages', '`messages` must hold at least one message.');
  checkScalars(body);
  refuseFields(body);

  const walk: Walk = {
    images: 0,
    fetched: 0,
    imageBytes: 0,
    documentBytes: 0,
    needs: new Set(),
    vendorTools: [],
    depth: 0,
  };
  if (Array.isArray(body.system)) walkBlocks(body.system, 'system', walk);
  messages.forEach((message, at) => walkMessage(message, `messages.${at}`, walk));
  if (Array.isArray(body.tools)) body.tools.forEach((tool, at) => walkTool(tool, `tools.${at}`, walk));

  const { images, fetched, imageBytes, documentBytes, needs, vendorTools } = walk;
  const textBytes = Math.max(0, size - imageBytes - documentBytes);
  return {
    model,
    stream: body.stream === true,
    includeUsage: true,
    n: 1,
    maxOutputTokens: (body.max_tokens ?? undefined) as number | undefined,
    inputTokensBound: textBytes + documentBytes + fetched * DOCUMENT_TOKENS_BOUND,
    images,
    inputTokensEstimate:
      Math.ceil(textBytes / BYTES_PER_TOKEN_LIKELY) +
      images * IMAGE_TOKENS_LIKELY +
      Math.ceil(documentBytes / DOCUMENT_BYTES_PER_TOKEN) +
      fetched * DOCUMENT_TOKENS_LIKELY,
    serviceTier: (body.service_tier ?? undefined) as string | undefined,
    needs: [...needs],
    vendorTools,
  };
}

function walkMessage(message: unknown, path: string, walk: Walk): void {
  if (!isObject(message)) throw wrongType(path, 'an object');
  if (isAbsent(message.role)) throw missing(`${path}.role`);
  if (typeof message.role !== 'string') throw wrongType(`${path}.role`, 'a string');
  const { content } = message;
  if (isAbsent(content)) throw missing(`${path}.content`);
  if (typeof content === 'string') return;
  if (!Array.isArray(content)) throw wrongType(`${path}.content`, 'a string or an array of blocks');
  walkBlocks(content, `${path}.content`, walk);
}

function walkBlocks(blocks: readonly unknown[], path: string, walk: Walk): void {
  if (walk.depth === DEEPEST) throw wrongType(path, 'less deeply nested');
  walk.depth++;
  for (let at = 0; at < blocks.length; at++) walkBlock(blocks[at], `${path}.${at}`, walk);
  walk.depth--;
}

function walkBlock(block: unknown, path: string, walk: Walk): void {
  if (!isObject(block)) throw wrongType(path, 'an object');
  const { type, source, content } = block;
  if (isAbsent(type)) throw missing(`${path}.type`);
  if (typeof type !== 'string') throw wrongType(`${path}.type`, 'a string');
  if (type === 'container_upload') throw storedFile(`${path}.file_id`);
  if (isObject(source)) walkSource(source, type === 'image', `${path}.source`, walk);
  // Results of tools hold blocks again.
  if (Array.isArray(content) && content.some(isObject)) walkBlocks(content, `${path}.content`, walk);
}

function walkSource(source: JsonObject, isImage: boolean, path: string, walk: Walk): void {
  if (source.type === 'file' || !isAbsent(source.file_id)) throw storedFile(`${path}.file_id`);
  if (isStoredPlace(source.url)) throw storedFile(`${path}.url`);
  const bytes = source.type === 'base64' && typeof source.data === 'string' ? source.data.length : 0;
  if (isImage) {
    walk.images++;
    walk.imageBytes += bytes;
    walk.needs.add('vision');
  } else if (source.type === 'url') walk.fetched++;
  else if (Array.isArray(source.content)) walkBlocks(source.content, `${path}.content`, walk);
  else walk.documentBytes += bytes;
}

function walkTool(tool: unknown, path: string, walk: Walk): void {
  if (!isObject(tool)) throw wrongType(path, 'an object');
  const kind = toolKind(tool);
  const dimension = kind === 'server' ? dimensionOf(tool) : undefined;
  walk.needs.add(dimension ?? 'tools');
  if (kind !== 'own') walk.vendorTools.push({ dimension, uses: kind === 'known' ? 0 : usesOf(tool.max_uses) });
}
