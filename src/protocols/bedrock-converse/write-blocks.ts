import { LazuError } from '../../errors.js';
import type {
  AudioBlock,
  Block,
  CacheMark,
  FileBlock,
  ImageBlock,
  TextBlock,
  ToolCallBlock,
  ToolResultBlock,
} from '../conversation.js';
import { detailPath } from '../lacks.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { inputObject } from '../tool-input.js';
import type { DocumentNames } from './document-names.js';
import { object } from './shapes.js';
import { audioFormat, documentFormat, imageFormat } from './vocabulary.js';

/** What the blocks of one request have in common. */
export interface BlockContext {
  /** Told the path of what cannot be said. */
  readonly drop: (path: string) => void;
  readonly lifetimes: ModelTraits['cacheLifetimes'];
  readonly documents: DocumentNames;
  /** No tool may be called: what was called before is told in words, as tools that are not offered cannot have been called. */
  readonly toolsInWords: boolean;
  readonly failedResults: boolean;
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html */
export function writeBlock(block: Block, context: BlockContext): JsonObject[] {
  switch (block.type) {
    case 'text':
      return marked(writeText(block), block.cache, context);
    case 'image':
      return marked([writeImage(block, context)], block.cache, context);
    case 'file':
      return marked([writeFile(block, context)], block.cache, context);
    case 'audio':
      return [writeAudio(block)];
    case 'reasoning':
      context.drop(block.path);
      return [];
    case 'tool-call':
      return [context.toolsInWords ? tellCall(block) : writeCall(block)];
    case 'tool-result':
      return marked(
        context.toolsInWords ? tellResult(block, context) : [writeResult(block, context)],
        block.cache,
        context,
      );
    case 'opaque': {
      const thought = block.sealed.protocol === 'bedrock-converse' ? writeThought(block.sealed.value) : [];
      if (thought.length === 0) context.drop(block.path);
      return thought;
    }
  }
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html: a point behind what is to be cached */
export function marked(
  blocks: JsonObject[],
  mark: CacheMark | undefined,
  { lifetimes }: Pick<BlockContext, 'lifetimes'>,
): JsonObject[] {
  if (!mark || blocks.length === 0 || lifetimes?.length === 0) return blocks;
  const { lifetime } = mark;
  const ttl = lifetime && lifetimes?.includes(lifetime) !== false ? { ttl: lifetime } : {};
  return [...blocks, { cachePoint: { type: 'default', ...ttl } }];
}

/** Blank text is refused, and says nothing anyway. */
const writeText = ({ text }: TextBlock): JsonObject[] => (text.trim() === '' ? [] : [{ text }]);

function writeImage({ source, path, detail }: ImageBlock, { drop }: Pick<BlockContext, 'drop'>): JsonObject {
  if (detail !== undefined) drop(detailPath(path));
  if (source.kind === 'url') throw notInline(path);
  const format = imageFormat(source.mediaType);
  if (format) return { image: { format, source: { bytes: source.data } } };
  throw unsupported(path, `this model takes PNG, JPEG, GIF and WebP images, not ${source.mediaType}`);
}

function writeFile({ source, name, path }: FileBlock, { documents }: BlockContext): JsonObject {
  if (source.kind === 'url') throw notInline(path);
  const format = documentFormat(source.mediaType);
  if (format) return { document: { format, name: documents.next(name), source: { bytes: source.data } } };
  throw unsupported(path, `this model takes PDF, Office, CSV, HTML and text files, not ${source.mediaType}`);
}

function writeAudio({ format: given, data, path }: AudioBlock): JsonObject {
  const format = audioFormat(given);
  if (format) return { audio: { format, source: { bytes: data } } };
  throw unsupported(path, `this model does not take audio of the format ${given}`);
}

const writeCall = ({ id, name, input }: ToolCallBlock): JsonObject => ({
  toolUse: { toolUseId: toolId(id), name, input: inputObject(input) },
});

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html: some models know of no failures */
const writeResult = ({ callId, content, isError }: ToolResultBlock, context: BlockContext): JsonObject => ({
  toolResult: {
    toolUseId: toolId(callId),
    content: content.flatMap(part => (part.type === 'text' ? writeText(part) : [writeImage(part, context)])),
    ...(isError === true && context.failedResults && { status: 'error' }),
  },
});

const tellCall = ({ id, name, input }: ToolCallBlock): JsonObject => ({
  text: `[Called the tool ${name} (${id}) with ${input.trim() || '{}'}]`,
});

function tellResult({ callId, content }: ToolResultBlock, context: BlockContext): JsonObject[] {
  const said = content.map(part => (part.type === 'text' ? part.text : '')).join('\n');
  const images = content.flatMap(part => (part.type === 'text' ? [] : [writeImage(part, context)]));
  return [{ text: `[The tool call ${callId} gave: ${said.trim() || 'nothing'}]` }, ...images];
}

/**
 * Thoughts go back as they came: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ReasoningContentBlock.html
 * A seal comes from a caller, who may have made it: nothing but thoughts is let through, or it could name files of other tenants.
 */
function writeThought({ reasoningContent }: JsonObject): JsonObject[] {
  const { reasoningText, redactedContent } = object(reasoningContent);
  if (typeof redactedContent === 'string') return [{ reasoningContent: { redactedContent } }];
  const { text, signature } = object(reasoningText);
  if (typeof text !== 'string' || typeof signature !== 'string' || signature === '') return [];
  return [{ reasoningContent: { reasoningText: { text, signature } } }];
}

/** Ids made by other vendors may be too long, or hold what the pattern `[a-zA-Z0-9_.:-]{1,64}` does not; call and result change alike. */
const toolId = (id: string): string => id.replace(/[^a-zA-Z0-9_.:-]/g, '_').slice(-64) || '_';

const notInline = (path: string): LazuError =>
  unsupported(path, 'this model takes bytes, not a place to fetch them from');

function unsupported(param: string, why: string): LazuError {
  return new LazuError('unsupported_parameter', `\`${param}\`: ${why}.`, { param, retryable: true });
}
