import { LazuError } from '../../errors.js';
import type { Block, FileBlock, ImageBlock, ToolResultBlock, Turn } from '../conversation.js';
import { fileName } from '../file-name.js';
import type { JsonObject } from '../protocol.js';

interface Ways {
  /** Told the path of what cannot be said. */
  readonly drop: (path: string) => void;
  /** False: what was sealed before is of no use here. */
  readonly opensSeals: boolean;
}

/**
 * Turns as items: https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
 * What the system says stays where it was said: some hosts of this protocol know no `instructions`.
 */
export function writeItems(turns: readonly Turn[], ways: Ways): JsonObject[] {
  return turns.flatMap(({ role, blocks }) =>
    role === 'assistant' ? writeAnswered(blocks, ways) : writeSaid(role, blocks, ways),
  );
}

/** Results of tools are items of their own; what stands between them is a message. */
function writeSaid(role: 'system' | 'user', blocks: readonly Block[], { drop }: Ways): JsonObject[] {
  const items: JsonObject[] = [];
  let content: JsonObject[] | undefined;
  for (const block of blocks) {
    if (block.type === 'tool-result') {
      items.push(writeResult(block));
      content = undefined;
      continue;
    }
    const part = writePart(block, drop);
    if (!part) continue;
    if (!content) items.push({ type: 'message', role, content: (content = []) });
    content.push(part);
  }
  return items.map(item =>
    Array.isArray(item.content) ? { ...item, content: plain(item.content as JsonObject[]) } : item,
  );
}

/** One text needs no parts. */
const plain = (content: JsonObject[]): unknown =>
  content.length === 1 && content[0]!.type === 'input_text' ? content[0]!.text : content;

function writePart(block: Exclude<Block, ToolResultBlock>, drop: (path: string) => void): JsonObject | undefined {
  switch (block.type) {
    case 'text':
      return block.text === '' ? undefined : { type: 'input_text', text: block.text };
    case 'image':
      return writeImage(block);
    case 'file':
      return writeFile(block);
    case 'audio': {
      // https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
      const message = `\`${block.path}\`: this model does not take audio here.`;
      throw new LazuError('unsupported_parameter', message, { param: block.path, retryable: true });
    }
    case 'reasoning':
    case 'tool-call':
    case 'opaque':
      drop(block.path);
      return undefined;
  }
}

/** What a model said before. Its own sealed items go back to where they stood. */
function writeAnswered(blocks: readonly Block[], { drop, opensSeals }: Ways): JsonObject[] {
  const isSealed = blocks.some(block => block.type === 'opaque' && block.sealed.protocol === 'openai-responses');
  const items: JsonObject[] = [];
  for (const block of blocks) {
    switch (block.type) {
      case 'text': {
        const last = items.at(-1);
        if (block.text === '') break;
        if (last?.role === 'assistant' && last.phase === undefined) last.content = String(last.content) + block.text;
        else items.push({ type: 'message', role: 'assistant', content: block.text });
        break;
      }
      case 'tool-call': {
        const { id, name, input } = block;
        items.push({ type: 'function_call', call_id: callId(id), name, arguments: input.trim() || '{}' });
        break;
      }
      case 'opaque': {
        const isOurs = opensSeals && block.sealed.protocol === 'openai-responses';
        const item = isOurs ? openSeal(block.sealed.value) : undefined;
        if (item?.phase !== undefined) Object.assign(items.findLast(({ role }) => role === 'assistant') ?? {}, item);
        else if (item) items.push(item);
        else drop(block.path);
        break;
      }
      case 'reasoning':
        // Reasoning cannot go back as text, and needs not where the sealed form of it does.
        if (!isSealed) drop(block.path);
        break;
      case 'image':
      case 'file':
      case 'audio':
      case 'tool-result':
        drop(block.path);
    }
  }
  return inFrontOfWhatFollowed(items);
}

/**
 * A seal comes from a caller, who may have made it: nothing but encrypted reasoning, compacted conversation and a message's phase is let
 * through, or it could name objects of other tenants. https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
 */
function openSeal({ type, id, summary, phase, encrypted_content }: JsonObject): JsonObject | undefined {
  if (type === 'message') return phase === 'commentary' ? { phase } : undefined;
  if (typeof encrypted_content !== 'string' || encrypted_content === '') return undefined;
  const known = { ...(typeof id === 'string' && { id }), type };
  if (type === 'compaction') return { ...known, encrypted_content };
  if (type !== 'reasoning') return undefined;
  return { ...known, summary: Array.isArray(summary) ? summary : [], encrypted_content };
}

/** Reasoning without the item that it led to is refused: it moves in front of the last one there is, or goes. */
function inFrontOfWhatFollowed(items: JsonObject[]): JsonObject[] {
  const last = items.findLastIndex(({ type }) => type !== 'reasoning');
  if (last < 0) return [];
  return [...items.slice(0, last), ...items.slice(last + 1), items[last]!];
}

/** https://platform.openai.com/docs/guides/function-calling#formatting-results */
function writeResult({ callId: id, content }: ToolResultBlock): JsonObject {
  const isText = content.every(block => block.type === 'text');
  const output = isText
    ? content.map(block => block.text).join('\n')
    : content.map(block => (block.type === 'text' ? { type: 'input_text', text: block.text } : writeImage(block)));
  return { type: 'function_call_output', call_id: callId(id), output };
}

/** https://platform.openai.com/docs/guides/images-vision?api-mode=responses */
const writeImage = ({ source, detail = 'auto' }: ImageBlock): JsonObject => ({
  type: 'input_image',
  image_url: source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`,
  detail,
});

/** https://platform.openai.com/docs/guides/pdf-files?api-mode=responses */
function writeFile({ name, source }: FileBlock): JsonObject {
  if (source.kind === 'url') return { type: 'input_file', file_url: source.url };
  const filename = fileName(name, source.mediaType);
  return { type: 'input_file', filename, file_data: `data:${source.mediaType};base64,${source.data}` };
}

const LONGEST_ID = 64;

/** Ids made by other vendors may be longer than OpenAI takes; call and result change alike. */
const callId = (id: string): string =>
  id.length <= LONGEST_ID ? id : id.slice(0, LONGEST_ID / 2) + id.slice(-LONGEST_ID / 2);
