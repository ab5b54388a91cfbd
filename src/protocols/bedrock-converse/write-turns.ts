import type { Block, Turn } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { object, text } from './shapes.js';
import { type BlockContext, writeBlock } from './write-blocks.js';

export interface WrittenTurn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

export interface WrittenTurns {
  readonly system: JsonObject[];
  readonly messages: WrittenTurn[];
}

/**
 * Turns as Converse wants them: what the system says stands outside, and the turns of one role that follow each other are one.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html
 */
export function writeTurns(turns: readonly Turn[], context: BlockContext): WrittenTurns {
  const system: JsonObject[] = [];
  const messages: WrittenTurn[] = [];
  for (const { role, blocks } of turns) {
    const isSealed = blocks.some(block => block.type === 'opaque' && block.sealed.protocol === 'bedrock-converse');
    // Unsigned reasoning cannot go back, and needs not where the signed form of it does.
    const sayable = isSealed ? blocks.filter(({ type }) => type !== 'reasoning') : blocks;
    const content = sayable.flatMap(block => {
      if (role !== 'assistant' || !isMedia(block)) return writeBlock(block, context);
      context.drop(block.path);
      return [];
    });
    if (content.length === 0) continue;
    const last = messages.at(-1);
    if (role === 'system') system.push(...content);
    else if (last?.role === role) last.content.push(...content);
    else messages.push({ role, content });
  }
  messages.forEach(introduce);
  const final = messages.at(-1);
  if (final?.role === 'assistant') trimEnd(final.content);
  return { system, messages };
}

/** Only a user shows images and documents: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html */
const isMedia = ({ type }: Block): boolean => type === 'image' || type === 'file' || type === 'audio';

/** A document is refused without a text beside it: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html */
function introduce({ content }: WrittenTurn): void {
  const document = content.find(block => block.document !== undefined);
  if (document && !content.some(block => block.text !== undefined))
    content.unshift({ text: text(object(document.document).name) });
}

/** An answer begun by the caller must not end in white space: some vendors' models refuse it. */
function trimEnd(content: JsonObject[]): void {
  const last = content.at(-1);
  if (typeof last?.text === 'string') content[content.length - 1] = { text: last.text.trimEnd() };
}
