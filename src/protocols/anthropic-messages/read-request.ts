import type { Conversation, Tool, Turn } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { isObject, missing, wrongType } from '../scalars.js';
import { type Drop, readContent, readOne } from './read-blocks.js';
import { namesIn, readSettings, readUnread } from './read-settings.js';
import { readCacheMark, unsupported } from './read-source.js';
import { isToolSearch, toolKind } from './tool-kinds.js';

/**
 * Anthropic's request in neutral form: https://platform.claude.com/docs/en/api/messages/create
 * `readFacts` has checked the scalars and the shape of the messages.
 * @throws LazuError `unsupported_parameter`, `missing_required_parameter` or `invalid_request`, with `param`
 */
export function readRequest(body: JsonObject): Conversation {
  const unread = readUnread(body);
  const drop: Drop = path => void unread.push(path);
  const system = body.system === undefined || body.system === null ? [] : readContent(body.system, 'system', drop);
  const turns = (body.messages as JsonObject[]).flatMap((message, at) => readMessage(message, `messages.${at}`, drop));
  return {
    turns: system.length > 0 ? [{ role: 'system', blocks: system }, ...turns] : turns,
    tools: readTools(body.tools, drop),
    settings: readSettings(body),
    names: namesIn(body),
    unread,
  };
}

function readMessage({ role, content }: JsonObject, path: string, drop: Drop): Turn[] {
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    throw unsupported(`${path}.role`, 'must be `user`, `assistant` or `system`.');
  if (!Array.isArray(content) || !content.some(isSystem))
    return [{ role, blocks: readContent(content, `${path}.content`, drop) }];
  // What the system says in the middle of a message is a turn of its own.
  return content.map((block: unknown, at): Turn => {
    const here = `${path}.content.${at}`;
    if (isSystem(block)) return { role: 'system', blocks: readContent(block.content, `${here}.content`, drop) };
    return { role, blocks: readOne(block, here, drop) };
  });
}

const isSystem = (block: unknown): block is JsonObject => isObject(block) && block.type === 'mid_conv_system';

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools */
function readTools(tools: unknown, drop: Drop): Tool[] {
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown, at): Tool[] => {
    const path = `tools.${at}`;
    if (!isObject(tool)) throw wrongType(path, 'an object');
    if (isToolSearch(tool)) {
      drop(path); // all tools are there from the start
      return [];
    }
    if (toolKind(tool) !== 'own') {
      const why = 'is run, or known by heart, by models of Anthropic only. Describe the tool by `input_schema`.';
      throw unsupported(`${path}.type`, why);
    }
    const { name, description, input_schema: schema, strict, input_examples: examples } = tool;
    if (typeof name !== 'string') throw missing(`${path}.name`);
    if (Array.isArray(examples) && examples.length > 0) drop(`${path}.input_examples`);
    return [
      {
        name,
        description: typeof description === 'string' ? description : undefined,
        schema: isObject(schema) ? schema : undefined,
        strict: strict === true,
        path: `${path}.input_schema`,
        ...readCacheMark(tool),
      },
    ];
  });
}
