import { LazuError } from '../../errors.js';
import type { Block, CacheMark, FileBlock, ImageBlock, TextBlock, Turn } from '../conversation.js';
import { detailPath } from '../lacks.js';
import type { JsonObject } from '../protocol.js';
import { inputObject } from '../tool-input.js';

interface WrittenTurn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

export interface WrittenTurns {
  readonly system: JsonObject[];
  readonly messages: WrittenTurn[];
}

/**
 * Turns as Anthropic wants them: what the system says stands outside, and the turns of one role that follow each other are one, so
 * that all results of parallel tool calls come in one turn: https://platform.claude.com/docs/en/agents-and-tools/tool-use/parallel-tool-use
 * @param drop told the path of what cannot be said
 */
export function writeTurns(turns: readonly Turn[], drop: (path: string) => void): WrittenTurns {
  const system: JsonObject[] = [];
  const messages: WrittenTurn[] = [];
  for (const { role, blocks } of turns) {
    const isSealed = blocks.some(block => block.type === 'opaque' && block.sealed.protocol === 'anthropic-messages');
    const content = blocks.flatMap((block): JsonObject[] => {
      // Unsigned reasoning cannot go back, and needs not where the signed form of it does.
      if (block.type === 'reasoning' && isSealed) return [];
      const written = role === 'assistant' && isMedia(block) ? drop(block.path) : writeBlock(block, drop);
      return written ? [written] : [];
    });
    if (content.length === 0) continue;
    const last = messages.at(-1);
    if (role === 'system') system.push(...content);
    else if (last?.role === role) last.content.push(...content);
    else messages.push({ role, content });
  }
  const final = messages.at(-1);
  if (final?.role === 'assistant') trimEnd(final.content);
  return { system, messages };
}

/** An assistant says text: https://platform.claude.com/docs/en/build-with-claude/vision */
const isMedia = ({ type }: Block): boolean => type === 'image' || type === 'file' || type === 'audio';

function writeBlock(block: Block, drop: (path: string) => void): JsonObject | undefined {
  switch (block.type) {
    case 'text':
      return writeText(block);
    case 'image':
      return writeImage(block, drop);
    case 'file':
      return writeFile(block);
    case 'audio': {
      // https://platform.claude.com/docs/en/api/messages/create
      const message = `\`${block.path}\`: this model does not take audio.`;
      throw new LazuError('unsupported_parameter', message, { param: block.path, retryable: true });
    }
    case 'reasoning':
      drop(block.path);
      return undefined;
    case 'tool-call': {
      const { id, name, input } = block;
      return { type: 'tool_use', id: toolId(id), name, input: inputObject(input) };
    }
    case 'tool-result': {
      const content = block.content.map(one => (one.type === 'text' ? writeText(one) : writeImage(one, drop)));
      const said = content.filter(one => one !== undefined);
      const failed = block.isError === true ? { is_error: true } : {};
      return cached({ type: 'tool_result', tool_use_id: toolId(block.callId), content: said, ...failed }, block.cache);
    }
    case 'opaque': {
      const thought = block.sealed.protocol === 'anthropic-messages' ? writeThought(block.sealed.value) : undefined;
      if (!thought) drop(block.path);
      return thought;
    }
  }
}

/**
 * Signed thoughts go back as they came: https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
 * A seal comes from a caller, who may have made it: nothing but thoughts is let through, or it could name files of other tenants.
 */
function writeThought({ type, thinking, signature, data }: JsonObject): JsonObject | undefined {
  if (type === 'redacted_thinking' && typeof data === 'string') return { type, data };
  const isSigned = type === 'thinking' && typeof signature === 'string' && signature !== '';
  return isSigned && typeof thinking === 'string' ? { type, thinking, signature } : undefined;
}

/** Anthropic refuses empty text, which says nothing anyway. */
function writeText({ text, cache }: TextBlock): JsonObject | undefined {
  return text === '' ? undefined : cached({ type: 'text', text }, cache);
}

/** https://platform.claude.com/docs/en/build-with-claude/vision */
function writeImage({ source, cache, detail, path }: ImageBlock, drop: (path: string) => void): JsonObject {
  if (detail !== undefined) drop(detailPath(path));
  return cached({ type: 'image', source: writeSource(source) }, cache);
}

/** https://platform.claude.com/docs/en/build-with-claude/pdf-support; plain text is a document too */
function writeFile({ source, name, path, cache }: FileBlock): JsonObject {
  const title = name === undefined ? {} : { title: name };
  if (source.kind === 'url' || source.mediaType === 'application/pdf')
    return cached({ type: 'document', source: writeSource(source), ...title }, cache);
  if (source.mediaType.startsWith('text/')) {
    const data = Buffer.from(source.data, 'base64').toString('utf8');
    return cached({ type: 'document', source: { type: 'text', media_type: 'text/plain', data }, ...title }, cache);
  }
  const message = `\`${path}\`: this model takes PDF and plain text files, not ${source.mediaType}.`;
  throw new LazuError('unsupported_parameter', message, { param: path, retryable: true });
}

function writeSource(source: ImageBlock['source']): JsonObject {
  if (source.kind === 'url') return { type: 'url', url: source.url };
  return { type: 'base64', media_type: source.mediaType, data: source.data };
}

/** https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
export function cached(block: JsonObject, mark: CacheMark | undefined): JsonObject {
  if (!mark) return block;
  return { ...block, cache_control: { type: 'ephemeral', ...(mark.lifetime && { ttl: mark.lifetime }) } };
}

/** Ids made by other vendors may hold what Anthropic's pattern `^[a-zA-Z0-9_-]+$` does not; call and result change alike. */
const toolId = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, '_') || '_';

/** An answer begun by the caller must not end in white space: the vendor refuses it. */
function trimEnd(content: JsonObject[]): void {
  const last = content.at(-1);
  if (last?.type !== 'text') return;
  const text = String(last.text).trimEnd();
  if (text === '') content.pop();
  else content[content.length - 1] = { ...last, text };
}
