import type { AudioBlock, CacheMark, FileBlock, ImageBlock, Source, TextBlock } from '../conversation.js';
import { fileName } from '../file-name.js';
import type { JsonObject } from '../protocol.js';

export type SaidBlock = TextBlock | ImageBlock | AudioBlock | FileBlock;

/**
 * Content as every clone takes it: one string where there is only text. Parts stay apart where one is no text, or is to be cached by a
 * provider that is told so: https://openrouter.ai/docs/features/prompt-caching
 */
export function writeContent(blocks: readonly SaidBlock[], marks: boolean): string | JsonObject[] {
  const isPlain = blocks.every(block => block.type === 'text' && !(marks && block.cache));
  if (isPlain) return textOf(blocks);
  return blocks.map(block => marked(writePart(block), marks && block.type !== 'audio' ? block.cache : undefined));
}

/** What its text blocks say; empty ones say nothing. */
export const textOf = (blocks: readonly { readonly type: string; readonly text?: string }[]): string =>
  blocks
    .map(({ type, text }) => (type === 'text' ? text : ''))
    .filter(text => text !== '' && text !== undefined)
    .join('\n\n');

function writePart(block: SaidBlock): JsonObject {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'image':
      return {
        type: 'image_url',
        image_url: { url: urlOf(block.source), ...(block.detail && { detail: block.detail }) },
      };
    case 'audio':
      return { type: 'input_audio', input_audio: { data: block.data, format: block.format } };
    case 'file':
      return writeFile(block);
  }
}

/** Documents are files, plain text goes as what it is: https://platform.openai.com/docs/guides/pdf-files?api-mode=chat */
function writeFile({ name, source }: FileBlock): JsonObject {
  if (source.kind === 'bytes' && /^(text\/|application\/json)/.test(source.mediaType)) {
    const text = Buffer.from(source.data, 'base64').toString('utf8');
    return { type: 'text', text: name === undefined ? text : `${name}:\n\n${text}` };
  }
  const mediaType = source.kind === 'bytes' ? source.mediaType : 'application/pdf';
  return { type: 'file', file: { filename: fileName(name, mediaType), file_data: urlOf(source) } };
}

const urlOf = (source: Source): string =>
  source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;

export function marked(part: JsonObject, mark: CacheMark | undefined): JsonObject {
  return mark ? { ...part, cache_control: { type: 'ephemeral', ...(mark.lifetime && { ttl: mark.lifetime }) } } : part;
}
