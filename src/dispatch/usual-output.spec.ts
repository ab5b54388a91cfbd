import { UsualOutput } from './usual-output.js';

describe('the usual length of answers', () => {
  it('is a guess until enough answers were seen, then their 95th percentile, each model for itself', () => {
    const usual = new UsualOutput();
    expect(usual.of('m')).toBe(1_024);
    for (let tokens = 1; tokens <= 104; tokens++) usual.saw('m', tokens);
    expect(usual.of('m')).toBe(99);
    expect(usual.of('other')).toBe(1_024);
  });

  it('forgets what was long ago', () => {
    const usual = new UsualOutput();
    for (let answer = 0; answer < 128; answer++) usual.saw('m', 5_000);
    for (let answer = 0; answer < 128; answer++) usual.saw('m', 20);
    expect(usual.of('m')).toBe(20);
  });
});
