import { LazuError } from '../../errors.js';
import type { Block, FileBlock, Source, ToolCallBlock, Turn } from '../conversation.js';
import { groupedTurns, resultImages, resultText } from '../grouped-turns.js';
import type { JsonObject } from '../protocol.js';

type Drop = (path: string) => void;

/**
 * Turns as Cohere wants them: https://docs.cohere.com/reference/chat#request.body.messages
 * @param thinks the model says its thoughts as such; others make a plan of tool calls only
 * @param drop told the path of what cannot be said
 */
export function writeTurns(turns: readonly Turn[], thinks: boolean, drop: Drop): JsonObject[] {
  return groupedTurns(turns).flatMap(({ role, blocks }): JsonObject[] => {
    switch (role) {
      case 'system':
        return said(role, blocks, drop);
      case 'user': {
        const results = blocks.filter(block => block.type === 'tool-result');
        const rest = blocks.filter(block => block.type !== 'tool-result');
        const answers = results.map(one => ({ role: 'tool', tool_call_id: one.callId, content: resultText(one) }));
        return [...answers, ...said(role, [...results.flatMap(resultImages), ...rest], drop)];
      }
      case 'assistant':
        return answered(blocks, thinks, drop);
    }
  });
}

function said(role: string, blocks: readonly Block[], drop: Drop): JsonObject[] {
  const content = blocks.flatMap(block => writePart(block, drop) ?? []);
  return content.length === 0 ? [] : [{ role, content }];
}

function writePart(block: Block, drop: Drop): JsonObject | undefined {
  switch (block.type) {
    case 'text':
      return block.text === '' ? undefined : { type: 'text', text: block.text };
    case 'image':
      // https://docs.cohere.com/docs/image-inputs
      return {
        type: 'image_url',
        image_url: { url: urlOf(block.source), ...(block.detail && { detail: block.detail }) },
      };
    case 'file':
      return { type: 'text', text: fileText(block) };
    case 'audio':
      throw lacking(block.path, 'this model does not take audio.');
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
    case 'opaque':
      drop(block.path);
      return undefined;
  }
}

/** https://docs.cohere.com/docs/reasoning#multi-turn-and-tool-use: thoughts go back with the calls they led to. */
function answered(blocks: readonly Block[], thinks: boolean, drop: Drop): JsonObject[] {
  const calls = blocks.filter((block): block is ToolCallBlock => block.type === 'tool-call');
  const thoughts = blocks.filter(block => block.type === 'reasoning' && block.text !== '');
  const text = blocks.flatMap(block => (block.type === 'text' && block.text !== '' ? block : []));
  const rest = blocks.filter(({ type }) => type !== 'tool-call' && type !== 'reasoning' && type !== 'text');
  for (const { path } of rest) drop(path); // an assistant says text
  if (text.length === 0 && calls.length === 0) return [];
  const thought = thoughts.map(block => ('text' in block ? block.text : '')).join('\n\n');
  const isPlan = !thinks && calls.length > 0;
  if (!thinks && !isPlan) for (const { path } of thoughts) drop(path);
  const content = [
    ...(thinks && thought !== '' ? [{ type: 'thinking', thinking: thought }] : []),
    ...text.map(block => ({ type: 'text', text: block.text })),
  ];
  return [
    {
      role: 'assistant',
      ...(content.length > 0 && { content }),
      ...(isPlan && thought !== '' && { tool_plan: thought }),
      ...(calls.length > 0 && { tool_calls: calls.map(writeCall) }),
    },
  ];
}

const writeCall = ({ id, name, input }: ToolCallBlock): JsonObject => ({
  id,
  type: 'function',
  function: { name, arguments: input.trim() === '' ? '{}' : input },
});

const urlOf = (source: Source): string =>
  source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;

/** Documents are text: https://docs.cohere.com/docs/retrieval-augmented-generation-rag */
function fileText({ name, source, path }: FileBlock): string {
  if (source.kind === 'url' || !/^(text\/|application\/json)/.test(source.mediaType))
    throw lacking(path, 'this model takes files of plain text only.');
  const text = Buffer.from(source.data, 'base64').toString('utf8');
  return name === undefined ? text : `${name}:\n\n${text}`;
}

const lacking = (path: string, why: string): LazuError =>
  new LazuError('unsupported_parameter', `\`${path}\`: ${why}`, { param: path, retryable: true });
