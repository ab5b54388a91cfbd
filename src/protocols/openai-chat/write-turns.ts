import { createHash } from 'node:crypto';
import type { Block, ToolCallBlock, ToolResultBlock, Turn } from '../conversation.js';
import { groupedTurns, resultImages, resultText } from '../grouped-turns.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { LONGEST_CALL_ID } from './lacks.js';
import { DETAILS_FIELD, openDetails } from './reasoning-details.js';
import { type SaidBlock, textOf, writeContent } from './write-parts.js';

type Drop = (path: string) => void;
type Wants = Pick<ModelTraits, 'thoughtsBack' | 'cacheLifetimes'>;

/**
 * Turns as OpenAI wants them: https://platform.openai.com/docs/guides/function-calling?api-mode=chat. The turns of one role that follow
 * each other are one message, so that nothing comes between tool calls and their results, which stand first in a user's turn.
 * @param drop told the path of what cannot be said
 */
export function writeTurns(turns: readonly Turn[], wants: Wants, drop: Drop): JsonObject[] {
  return groupedTurns(turns).flatMap(({ role, blocks }) => writeTurn(role, blocks, wants, drop));
}

function writeTurn(role: Turn['role'], blocks: readonly Block[], wants: Wants, drop: Drop): JsonObject[] {
  switch (role) {
    case 'system':
      return said(role, blocks, wants, drop);
    case 'user': {
      const results = blocks.filter(block => block.type === 'tool-result');
      const rest = blocks.filter(block => block.type !== 'tool-result');
      const images = results.flatMap(result => resultImages({ ...result, callId: callIdOf(result.callId) }));
      return [...results.map(writeResult), ...said(role, [...images, ...rest], wants, drop)];
    }
    case 'assistant': {
      const message = answered(blocks, wants, drop);
      return message ? [message] : [];
    }
  }
}

/** A message that says something, or none. */
function said(role: string, blocks: readonly Block[], { cacheLifetimes = [] }: Wants, drop: Drop): JsonObject[] {
  const content = blocks.filter((block): block is SaidBlock => {
    const isSaid = block.type === 'text' || block.type === 'image' || block.type === 'audio' || block.type === 'file';
    if (!isSaid) drop(block.path);
    return isSaid && !(block.type === 'text' && block.text === '');
  });
  return content.length === 0 ? [] : [{ role, content: writeContent(content, cacheLifetimes.length > 0) }];
}

/** Text only: https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages */
const writeResult = (result: ToolResultBlock): JsonObject => ({
  role: 'tool',
  tool_call_id: callIdOf(result.callId),
  content: resultText(result),
});

function answered(blocks: readonly Block[], wants: Wants, drop: Drop): JsonObject | undefined {
  const { thoughtsBack } = wants;
  const calls: ToolCallBlock[] = [];
  const thoughts: string[] = [];
  const details: JsonObject[] = [];
  for (const block of blocks) {
    switch (block.type) {
      case 'text':
        break;
      case 'tool-call':
        calls.push(block);
        break;
      case 'reasoning':
        if (thoughtsBack === undefined) drop(block.path);
        else if (block.text !== '') thoughts.push(block.text);
        break;
      case 'opaque': {
        const opened = thoughtsBack === DETAILS_FIELD ? openDetails(block.sealed) : [];
        details.push(...opened);
        if (opened.length === 0) drop(block.path);
        break;
      }
      case 'image':
      case 'audio':
      case 'file':
      case 'tool-result':
        drop(block.path); // an assistant says text
    }
  }
  const content = textOf(blocks.filter(block => block.type === 'text'));
  if (content === '' && calls.length === 0) return undefined;
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    ...writeThoughts(thoughtsBack, thoughts.join('\n\n'), details, calls.length > 0),
    ...(calls.length > 0 && { tool_calls: calls.map(writeCall) }),
  };
}

/** Beside tool calls the field must be there even where nothing was thought: https://api-docs.deepseek.com/guides/thinking_mode#tool-calls */
function writeThoughts(field: string | undefined, text: string, details: JsonObject[], hasCalls: boolean): JsonObject {
  if (field === undefined) return {};
  if (field !== DETAILS_FIELD) return text !== '' || hasCalls ? { [field]: text } : {};
  if (details.length > 0) return { [field]: details };
  return text === '' ? {} : { reasoning: text };
}

const writeCall = ({ id, name, input }: ToolCallBlock): JsonObject => ({
  id: callIdOf(id),
  type: 'function',
  function: { name, arguments: input.trim() === '' ? '{}' : input },
});

/** Ids of other vendors may be longer than OpenAI takes; call and result change alike. */
const callIdOf = (id: string): string =>
  id.length <= LONGEST_CALL_ID ? id : createHash('sha256').update(id).digest('base64url').slice(0, LONGEST_CALL_ID);
