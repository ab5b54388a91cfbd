import { ChatAnswerRewriter } from './rewrite.js';

const frame = (chunk: object) => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
const chunk = (delta: object) => ({ model: 'their-name', choices: [{ index: 0, delta }] });

describe('rewriting what clones spell in another way', () => {
  it('shows reasoning under the contract’s name too, and leaves all else as the very same bytes', () => {
    const rewriter = new ChatAnswerRewriter({ reasoningField: 'reasoning', model: undefined, contentInParts: false });
    const plain = frame(chunk({ content: 'x' }));
    expect(rewriter.frames(plain)).toBe(plain);
    const both = Buffer.concat([frame(chunk({ reasoning: 'hm' })), plain, Buffer.from('data: [DONE]\n\n')]);
    const wanted = [frame(chunk({ reasoning: 'hm', reasoning_content: 'hm' })), plain, Buffer.from('data: [DONE]\n\n')];
    expect(rewriter.frames(both).toString()).toBe(Buffer.concat(wanted).toString());
    const whole = { choices: [{ index: 0, message: { content: 'x', reasoning: 'hm' } }] };
    expect(rewriter.answer(whole)).toEqual({
      choices: [{ index: 0, message: { content: 'x', reasoning: 'hm', reasoning_content: 'hm' } }],
    });
  });

  it('gives a private deployment the name that was asked for', () => {
    const rewriter = new ChatAnswerRewriter({ reasoningField: undefined, model: 'gpt-4o', contentInParts: false });
    expect(rewriter.frames(frame(chunk({ content: 'x' }))).toString()).toBe(
      frame({ ...chunk({ content: 'x' }), model: 'gpt-4o' }).toString(),
    );
    expect(rewriter.answer({ model: 'their-name', choices: [] })).toEqual({ model: 'gpt-4o', choices: [] });
  });

  it('makes one text of content in parts, with the thinking beside it', () => {
    const rewriter = new ChatAnswerRewriter({ reasoningField: undefined, model: undefined, contentInParts: true });
    const thinking = { type: 'thinking', thinking: [{ type: 'text', text: '12 × 12' }], closed: true };
    const parts = [thinking, { type: 'text', text: '144' }];
    const wanted = { content: '144', reasoning_content: '12 × 12' };
    expect(rewriter.frames(frame(chunk({ content: parts }))).toString()).toBe(frame(chunk(wanted)).toString());
    expect(rewriter.answer({ choices: [{ index: 0, message: { content: parts } }] })).toEqual({
      choices: [{ index: 0, message: wanted }],
    });
    const plain = frame(chunk({ content: 'x' }));
    expect(rewriter.frames(plain)).toBe(plain);
  });
});
