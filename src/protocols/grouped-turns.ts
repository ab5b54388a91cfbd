import type { Block, ImageBlock, ToolResultBlock, Turn } from './conversation.js';

/** Turns of one role that follow each other are one, so that nothing comes between tool calls and their results. */
export function groupedTurns(turns: readonly Turn[]): Turn[] {
  const groups: { role: Turn['role']; blocks: Block[] }[] = [];
  for (const { role, blocks } of turns) {
    const last = groups.at(-1);
    if (last?.role === role && role !== 'system') last.blocks.push(...blocks);
    else groups.push({ role, blocks: [...blocks] });
  }
  return groups;
}

/** For protocols whose results hold text only: images of a result, for the user's message behind it, and how they are called there. */
export function resultImages({ callId, content, path }: ToolResultBlock): Block[] {
  const images = content.filter((one): one is ImageBlock => one.type === 'image');
  const label = `Image in the result of tool call ${callId}:`;
  return images.length === 0 ? [] : [{ type: 'text', text: label, path }, ...images];
}

/** What such a result says beside its images. */
export function resultText({ content }: ToolResultBlock): string {
  const text = content.flatMap(one => (one.type === 'text' && one.text !== '' ? one.text : [])).join('\n\n');
  const hasImages = content.some(({ type }) => type === 'image');
  return text === '' && hasImages ? 'The result is the image in the next message.' : text;
}
