import type { Block, Conversation, Tool, Turn } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { isObject, readCacheMark, readContent, readResult, unsupported } from './read-parts.js';
import { readSettings, readToolChoice, readUnread, SETTING_NAMES } from './read-settings.js';
import { isAbsent, missing, wrongType } from './scalars.js';
import { readSeals, SEALED_FIELD, type PlacedSeal } from './sealed.js';

/**
 * OpenAI's chat request in neutral form: https://platform.openai.com/docs/api-reference/chat/create
 * `readFacts` has checked the scalars and the shape of the messages.
 * @throws LazuError `unsupported_parameter`, `missing_required_parameter` or `invalid_request`, with `param`
 */
export function readRequest(body: JsonObject): Conversation {
  const { only } = readToolChoice(body.tool_choice);
  const tools = readTools(body.tools).filter(tool => only?.has(tool.name) ?? true);
  const turns = (body.messages as unknown[]).map((message, at) => readMessage(message as JsonObject, `messages.${at}`));
  const maxOutputTokens = isAbsent(body.max_completion_tokens) ? 'max_tokens' : 'max_completion_tokens';
  const names = { ...SETTING_NAMES, maxOutputTokens };
  const unreadOf = { dialect: 'openai-chat' as const, fields: body };
  const unread = [...readUnread(body), ...speakers(body.messages as JsonObject[])];
  return { turns, tools, settings: readSettings(body), names, unread, unreadOf };
}

/** Names that tell speakers of one role apart: https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages */
const speakers = (messages: readonly JsonObject[]): string[] =>
  messages.flatMap(({ role, name }, at) =>
    role !== 'tool' && !isAbsent(name) && name !== '' ? `messages.${at}.name` : [],
  );

function readMessage(message: JsonObject, path: string): Turn {
  const cache = readCacheMark(message);
  const content = () => readContent(message.content, `${path}.content`, cache);
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', blocks: content() };
    case 'user':
      return { role: 'user', blocks: content() };
    case 'assistant':
      return { role: 'assistant', blocks: readAnswered(message, content(), path) };
    case 'tool': {
      const { tool_call_id: callId } = message;
      if (typeof callId !== 'string') throw missing(`${path}.tool_call_id`);
      const result = readResult(message.content, `${path}.content`);
      return { role: 'user', blocks: [{ type: 'tool-result', callId, content: result, path, cache }] };
    }
    default:
      throw unsupported(`${path}.role`, 'must be `system`, `developer`, `user`, `assistant` or `tool`.');
  }
}

/** What a model said before: reasoning and sealed blocks go back to where they stood among text and tool calls. */
function readAnswered(message: JsonObject, content: Block[], path: string): Block[] {
  if (!isAbsent(message.function_call)) throw unsupported(`${path}.function_call`, 'is outdated: use `tool_calls`.');
  const seals = readSeals(message[SEALED_FIELD], `${path}.${SEALED_FIELD}`);
  const opaque = (fits: (seal: PlacedSeal) => boolean): Block[] =>
    seals.filter(fits).map(({ sealed }) => ({ type: 'opaque', sealed, path: `${path}.${SEALED_FIELD}` }));
  const blocks: Block[] = [];
  const { reasoning_content: reasoning, refusal } = message;
  if (typeof reasoning === 'string' && reasoning !== '')
    blocks.push({ type: 'reasoning', text: reasoning, path: `${path}.reasoning_content` });
  blocks.push(...opaque(seal => seal.callsBefore === 0 && !seal.textBefore), ...content);
  if (content.length === 0 && typeof refusal === 'string' && refusal !== '')
    blocks.push({ type: 'text', text: refusal, path: `${path}.refusal` });
  blocks.push(...opaque(seal => seal.callsBefore === 0 && seal.textBefore));
  const calls = readCalls(message.tool_calls, `${path}.tool_calls`);
  calls.forEach((call, at) => blocks.push(call, ...opaque(seal => seal.callsBefore === at + 1)));
  return blocks;
}

function readCalls(calls: unknown, path: string): Block[] {
  if (isAbsent(calls)) return [];
  if (!Array.isArray(calls)) throw wrongType(path, 'an array');
  return calls.map((call: unknown, at): Block => {
    const here = `${path}.${at}`;
    if (!isObject(call)) throw wrongType(here, 'an object');
    if (!isObject(call.function)) throw unsupported(`${here}.type`, 'must be `function` for this model.');
    const { name, arguments: input } = call.function;
    if (typeof call.id !== 'string') throw missing(`${here}.id`);
    if (typeof name !== 'string') throw missing(`${here}.function.name`);
    return { type: 'tool-call', id: call.id, name, input: typeof input === 'string' ? input : '', path: here };
  });
}

function readTools(tools: unknown): Tool[] {
  if (!Array.isArray(tools)) return [];
  return tools.map((tool: unknown, at): Tool => {
    const path = `tools.${at}`;
    if (!isObject(tool)) throw wrongType(path, 'an object');
    if (!isObject(tool.function)) throw unsupported(`${path}.type`, 'must be `function` for this model.');
    const { name, description, parameters, strict } = tool.function;
    if (typeof name !== 'string') throw missing(`${path}.function.name`);
    return {
      name,
      description: typeof description === 'string' ? description : undefined,
      schema: isObject(parameters) ? parameters : undefined,
      strict: strict === true,
      path: `${path}.function.parameters`,
      cache: readCacheMark(tool),
    };
  });
}
