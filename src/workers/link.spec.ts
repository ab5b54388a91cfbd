import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { LazuError } from '../errors.js';
import { linked } from '../../test/support/linked.js';
import { topic } from './topic.js';

const DOUBLE = topic<bigint, bigint>('double');
const NOTE = topic<number>('note');
const SLOW = topic<undefined, string>('slow');

beforeAll(() => Logger.overrideLogger(false));

describe('Link', () => {
  it('carries questions and answers, bigint included', async () => {
    const { one, other } = linked();
    other.on(DOUBLE, n => 2n * n);
    expect(await Promise.all([one.ask(DOUBLE, 2n, 100), one.ask(DOUBLE, 2n ** 80n, 100)])).toEqual([4n, 2n ** 81n]);
  });

  it('sends what is said in one turn as one message, in order', async () => {
    const { one, other, messages } = linked();
    const seen: number[] = [];
    other.on(NOTE, n => void seen.push(n));
    other.on(DOUBLE, n => {
      seen.push(Number(n));
      return n;
    });
    one.tell(NOTE, 1);
    const asked = one.ask(DOUBLE, 2n, 100);
    one.tell(NOTE, 3);
    await asked;
    expect(seen).toEqual([1, 2, 3]);
    expect(messages.fromOne).toBe(1);
    expect(messages.fromOther).toBe(1);
  });

  it('a failure there is the same LazuError here; what nobody foresaw says nothing of its cause', async () => {
    const { one, other } = linked();
    other.on(DOUBLE, n => {
      if (n === 0n) throw new Error('a secret');
      throw new LazuError('service_unavailable', 'Not now.', { retryAfter: 2 });
    });
    await expect(one.ask(DOUBLE, 1n, 100)).rejects.toMatchObject({ code: 'service_unavailable', message: 'Not now.', retryAfter: 2 }); // prettier-ignore
    const error = await one.ask(DOUBLE, 0n, 100).catch((thrown: unknown) => thrown as LazuError);
    expect(error).toMatchObject({ code: 'internal_error' });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });

  it('a process that stood still reads the answer before it gives up on it', async () => {
    const { one, other } = linked();
    other.on(DOUBLE, n => 2n * n);
    const asked = one.ask(DOUBLE, 2n, 20);
    for (const until = performance.now() + 200; performance.now() < until;);
    expect(await asked).toBe(4n);
  });

  it('an answer that does not come in time, or never will, is 503', async () => {
    const { one, other } = linked();
    other.on(SLOW, () => sleep(1_000, 'late', { ref: false }));
    const asked = performance.now();
    await expect(one.ask(SLOW, undefined, 50)).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(performance.now() - asked).toBeLessThan(500);
    await expect(one.ask(DOUBLE, 1n, 100)).rejects.toMatchObject({ code: 'service_unavailable' }); // nobody there knows it
    const waits = one.ask(SLOW, undefined, Infinity);
    one.close();
    await expect(waits).rejects.toMatchObject({ code: 'service_unavailable' });
    await expect(one.ask(SLOW, undefined, Infinity)).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});
