import { ChatAnswerRewriter } from './rewrite.js';

const frame = (chunk: object) => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
const chunk = (delta: object) => ({ model: 'their-name', choices: [{ index: 0, delta }] });

describe('rewriting what clones spell in another way', () => {
  it('shows reasoning under the contract’s name too, and leaves all else as the very same bytes', () => {
    const rewriter = new ChatAnswerRewriter({ reasoningField: 'reasoning', model: undefined });
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
    const rewriter = new ChatAnswerRewriter({ reasoningField: undefined, model: 'gpt-4o' });
    expect(rewriter.frames(frame(chunk({ content: 'x' }))).toString()).toBe(
      frame({ ...chunk({ content: 'x' }), model: 'gpt-4o' }).toString(),
    );
    expect(rewriter.answer({ model: 'their-name', choices: [] })).toEqual({ model: 'gpt-4o', choices: [] });
  });
});
