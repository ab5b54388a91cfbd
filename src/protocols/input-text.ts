import type { Block, Conversation } from './conversation.js';

/** What a model is given to read, for an estimate of its tokens. */
export interface InputText {
  readonly text: string;
  readonly images: number;
  /** Bytes of documents that are no text, such as PDF. */
  readonly documentBytes: number;
}

/** All that a conversation says, whatever protocol it came in. Sealed blocks are their own vendor's, and count for nothing. */
export function inputTextOf({ turns, tools }: Conversation): InputText {
  const parts: string[] = [];
  let images = 0;
  let documentBytes = 0;
  const read = (block: Block): void => {
    switch (block.type) {
      case 'text':
      case 'reasoning':
        parts.push(block.text);
        break;
      case 'tool-call':
        parts.push(block.name, block.input);
        break;
      case 'tool-result':
        block.content.forEach(read);
        break;
      case 'image':
        images++;
        break;
      case 'file': {
        const { source } = block;
        if (source.kind === 'url') break;
        const bytes = Buffer.from(source.data, 'base64');
        if (source.mediaType.startsWith('text/')) parts.push(bytes.toString('utf8'));
        else documentBytes += bytes.length;
        break;
      }
      case 'audio':
      case 'opaque':
        break;
    }
  };
  for (const { blocks } of turns) blocks.forEach(read);
  for (const { name, description, schema } of tools) parts.push(name, description ?? '', JSON.stringify(schema ?? {}));
  return { text: parts.join('\n'), images, documentBytes };
}
