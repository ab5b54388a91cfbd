import { jest } from '@jest/globals';
import type { LimitStore } from '../limits/limit-store.js';
import { Growth } from './growth.js';

const cover = { outputTokens: 100, picoUsdPerToken: 600_000n };

function growing(answers: (() => ReturnType<LimitStore['extend']>)[]) {
  const asked: bigint[] = [];
  const refused = jest.fn();
  const extend = (_id: string, by: bigint) => {
    asked.push(by);
    return answers.shift()?.();
  };
  return { growth: new Growth({ extend }, 'req_1', cover, refused), asked, refused };
}

describe('a stream that outgrows its hold', () => {
  it('asks for nothing while it is covered, then for whole steps', () => {
    const { growth, asked, refused } = growing([]);
    growth.reached(100);
    expect(asked).toEqual([]);
    growth.reached(101);
    growth.reached(1_124); // 100 and a step
    growth.reached(1_124 + 1_025);
    expect(asked).toEqual([615n, 1_229n]); // 1,024 and 2,048 tokens at 0.6 microUSD, rounded up
    expect(refused).not.toHaveBeenCalled();
  });

  it('is told once when there is no more', () => {
    const { growth, asked, refused } = growing([() => 'balance']);
    growth.reached(200);
    growth.reached(300);
    expect(refused.mock.calls).toEqual([['balance']]);
    expect(asked).toHaveLength(1);
  });

  it('asks one question at a time, and again when it could not be answered', async () => {
    const { growth, asked, refused } = growing([
      () => Promise.reject(new Error('away')),
      () => Promise.resolve('key_quota'),
    ]);
    growth.reached(200);
    growth.reached(201);
    await new Promise(setImmediate);
    growth.reached(202);
    await new Promise(setImmediate);
    expect(asked).toHaveLength(2);
    expect(refused.mock.calls).toEqual([['key_quota']]);
  });
});
