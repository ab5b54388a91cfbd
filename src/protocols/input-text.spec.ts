import type { Block, Conversation } from './conversation.js';
import { inputTextOf } from './input-text.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const path = 'x';

const said = (...blocks: Block[]) => {
  const tool = { name: 'weather', description: 'Of a city', schema: { type: 'object' }, strict: false, path };
  return inputTextOf({
    turns: [{ role: 'user', blocks }],
    tools: [tool],
    settings: {},
    unread: [],
  } as unknown as Conversation);
};

describe('inputTextOf', () => {
  it('gathers what is read as text, tools and their results included', () => {
    const { text } = said(
      { type: 'text', text: 'Hello', path },
      { type: 'reasoning', text: 'Hm.', path },
      { type: 'tool-call', id: '1', name: 'weather', input: '{"city":"Rome"}', path },
      { type: 'tool-result', callId: '1', content: [{ type: 'text', text: 'Sun', path }], path },
      {
        type: 'file',
        name: undefined,
        source: { kind: 'bytes', mediaType: 'text/plain', data: base64('A file') },
        path,
      },
    );
    expect(text.split('\n')).toEqual([
      ...['Hello', 'Hm.', 'weather', '{"city":"Rome"}', 'Sun', 'A file'],
      ...['weather', 'Of a city', '{"type":"object"}'],
    ]);
  });

  it('counts images, also in results, and bytes of documents; seals are nobody else’s', () => {
    const source = { kind: 'bytes', mediaType: 'image/png', data: 'AAAA' } as const;
    const image = { type: 'image', source, path } as const;
    const pdf = { kind: 'bytes', mediaType: 'application/pdf', data: base64('%PDF-1.4') } as const;
    const result = said(
      image,
      { type: 'tool-result', callId: '1', content: [image], path },
      { type: 'file', name: 'a.pdf', source: pdf, path },
      { type: 'opaque', sealed: { protocol: 'gemini', value: { a: 'long long text' } }, path },
    );
    expect(result).toMatchObject({ images: 2, documentBytes: 8 });
    expect(result.text).not.toContain('long');
  });
});
