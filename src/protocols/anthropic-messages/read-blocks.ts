import type { Block, FileBlock, TextBlock, ToolResultBlock } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { isAbsent, isObject, missing, wrongType } from '../scalars.js';
import { readCacheMark, readSource, requiredText, unsupported } from './read-source.js';
import { isOurs, readSeal } from './seals.js';

/** Hints that go missing, by their paths. */
export type Drop = (path: string) => void;

/**
 * The content of a message. Documents in results of tools, which few protocols know, stand behind them.
 * https://platform.claude.com/docs/en/api/messages/create
 */
export function readContent(content: unknown, path: string, drop: Drop): Block[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content, path }];
  if (!Array.isArray(content)) throw wrongType(path, 'a string or an array of blocks');
  const behind: FileBlock[] = [];
  const blocks = content.flatMap((block: unknown, at) => readBlock(block, `${path}.${at}`, drop, behind));
  return behind.length === 0 ? blocks : [...blocks, ...behind];
}

/** One block of it. */
export function readOne(block: unknown, path: string, drop: Drop): Block[] {
  const behind: FileBlock[] = [];
  return [...readBlock(block, path, drop, behind), ...behind];
}

function readBlock(block: unknown, path: string, drop: Drop, behind: FileBlock[]): Block[] {
  if (!isObject(block)) throw wrongType(path, 'an object');
  const cache = readCacheMark(block);
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: requiredText(block, 'text', path), path, ...cache }];
    case 'image':
      return [{ type: 'image', source: readSource(block.source, `${path}.source`), path, ...cache }];
    case 'document':
      return readDocument(block, path, drop);
    case 'search_result':
      return [readSearchResult(block, path)];
    case 'thinking':
    case 'redacted_thinking':
      return readThought(block, path);
    case 'tool_use': {
      const id = requiredText(block, 'id', path);
      const name = requiredText(block, 'name', path);
      return [{ type: 'tool-call', id, name, input: JSON.stringify(block.input ?? {}), path }];
    }
    case 'tool_result':
      return [readResult(block, path, drop, behind)];
    // What the vendor did on its own belongs to it: https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools
    case 'server_tool_use':
      return [opaque(block, path)];
    // A summary in place of what came before: https://platform.claude.com/docs/en/build-with-claude/compaction
    case 'compaction':
      return typeof block.content === 'string' ? [{ type: 'text', text: block.content, path, ...cache }] : [];
    default:
      if (/^\w+_tool_result$/.test(String(block.type))) return [opaque(block, path)];
      throw unsupported(`${path}.type`, 'is not known to this model.');
  }
}

const opaque = (value: JsonObject, path: string): Block => ({
  type: 'opaque',
  sealed: { protocol: 'anthropic-messages', value },
  path,
});

/** The text, and beside it the signed form: Anthropic's own, or what another protocol sealed. Unsigned thoughts are text alone. */
function readThought(block: JsonObject, path: string): Block[] {
  const { thinking, signature, data } = block;
  const isText = block.type === 'thinking';
  const text: Block[] =
    typeof thinking === 'string' && thinking !== '' ? [{ type: 'reasoning', text: thinking, path }] : [];
  const seal = isText ? signature : data;
  if (typeof seal !== 'string' || seal === '') return text;
  if (!isOurs(seal)) return [...text, opaque(block, path)];
  const sealed = readSeal(seal, `${path}.${isText ? 'signature' : 'data'}`);
  return sealed ? [...text, { type: 'opaque', sealed, path }] : text;
}

/** https://platform.claude.com/docs/en/build-with-claude/pdf-support; a document may also be made of blocks. */
function readDocument(block: JsonObject, path: string, drop: Drop): Block[] {
  const { source, title, context, citations } = block;
  if (isObject(citations) && citations.enabled === true) drop(`${path}.citations`);
  const about: Block[] = typeof context === 'string' && context !== '' ? [{ type: 'text', text: context, path }] : [];
  const name = typeof title === 'string' && title !== '' ? title : undefined;
  if (isObject(source) && source.type === 'content') {
    const titled: Block[] = name === undefined ? [] : [{ type: 'text', text: name, path }];
    return [...titled, ...about, ...readContent(source.content, `${path}.source.content`, drop)];
  }
  const file = readSource(source, `${path}.source`);
  return [...about, { type: 'file', name, source: file, path, ...readCacheMark(block) }];
}

/** https://platform.claude.com/docs/en/build-with-claude/search-results */
function readSearchResult(block: JsonObject, path: string): TextBlock {
  const found = Array.isArray(block.content) ? block.content : [];
  const texts = found.map((one: unknown) => (isObject(one) && typeof one.text === 'string' ? one.text : ''));
  const lines = [block.title, block.source, ...texts].filter(line => typeof line === 'string' && line !== '');
  return { type: 'text', text: lines.join('\n'), path, ...readCacheMark(block) };
}

function readResult(block: JsonObject, path: string, drop: Drop, behind: FileBlock[]): ToolResultBlock {
  const { tool_use_id: callId, content: given, is_error: isError } = block;
  if (typeof callId !== 'string') throw missing(`${path}.tool_use_id`);
  const content: ToolResultBlock['content'][number][] = [];
  const read = isAbsent(given) ? [] : typeof given === 'string' ? readContent(given, `${path}.content`, drop) : parts();
  for (const one of read) {
    if (one.type === 'text' || one.type === 'image') content.push(one);
    else if (one.type === 'file') behind.push(one);
    else throw unsupported(one.path, 'cannot stand in the result of a tool.');
  }
  return { type: 'tool-result', callId, content, ...(isError === true && { isError }), path, ...readCacheMark(block) };

  /** A search for tools gives names of tools, which other models have been sent anyway. */
  function parts(): Block[] {
    if (!Array.isArray(given)) throw wrongType(`${path}.content`, 'a string or an array of blocks');
    return given.flatMap((one: unknown, at): Block[] => {
      const here = `${path}.content.${at}`;
      if (isObject(one) && one.type === 'tool_reference')
        return [{ type: 'text', text: `Found the tool ${String(one.tool_name)}.`, path: here }];
      return readBlock(one, here, drop, behind);
    });
  }
}
