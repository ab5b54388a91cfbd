import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { openaiChat } from '../protocols/openai-chat/index.js';
import { Delivered } from './delivered.js';

const frameOf = (content: string) => Buffer.from(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);

function deliver(text: string, piece = 10_000): Delivered {
  const delivered = new Delivered(openaiChat);
  for (let at = 0; at < text.length; at += piece) delivered.add(frameOf(text.slice(at, at + piece)));
  return delivered;
}

const prose = 'The quick brown fox jumps over the lazy dog, and then does it 42 more times.\n';

describe('what a departed caller got', () => {
  it('counts as the tokenizer does', async () => {
    expect(await deliver('').tokens()).toBe(0);
    expect(await deliver('Hello, world! ').tokens()).toBe(countTokens('Hello, world! '));
    const text = prose.repeat(100);
    expect(Math.abs((await deliver(text, 7).tokens()) - countTokens(text))).toBeLessThan(5);
    expect(await deliver('<|endoftext|>').tokens()).toBeGreaterThan(1);
  });

  it('counts a bounded part of a long answer, and takes the rest to be alike', async () => {
    const delivered = deliver(prose.repeat(20_000));
    const expected = 20_000 * countTokens(prose);
    const counted = await delivered.tokens();
    expect(Math.abs(counted - expected) / expected).toBeLessThan(0.02);
  });

  it.each([
    ['one letter', 'a'],
    ['text without spaces', '模型供应商'],
  ])('trap 24: %s without end blocks nobody', async (_name, text) => {
    const delivered = deliver(text.repeat(200_000 / text.length));
    await delivered.tokens(); // the vocabulary is loaded
    let longest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    await delivered.tokens();
    clearInterval(watch);
    expect(longest).toBeLessThan(150);
  });
});
