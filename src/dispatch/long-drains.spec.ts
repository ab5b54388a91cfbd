import { LongDrains } from './long-drains.js';

describe('answers that are read on after their caller left', () => {
  const drains = new LongDrains({ leaveGraceMs: 2_000 });
  const bills = { billsAfterDisconnect: true };

  it('have the usual grace, and 30 s where the provider bills on', () => {
    for (const provider of [undefined, {}]) expect(Math.round(drains.of(provider).leftMs())).toBe(2_000);
    const drain = drains.of(bills);
    expect(Math.round(drain.leftMs())).toBe(30_000);
    expect(drain.leftMs()).toBeLessThanOrEqual(30_000); // it has begun
    drain.end();
  });

  it('are 64 at once at most: the next has the usual grace, until one ends', () => {
    const many = Array.from({ length: 64 }, () => drains.of(bills));
    expect(many.map(drain => Math.round(drain.leftMs()))).toEqual(Array(64).fill(30_000));
    const next = drains.of(bills);
    expect(Math.round(next.leftMs())).toBe(2_000);
    next.end(); // had no place
    expect(Math.round(drains.of(bills).leftMs())).toBe(2_000);
    many[0]!.end();
    many[0]!.end();
    const first = drains.of(bills);
    expect([Math.round(first.leftMs()), Math.round(drains.of(bills).leftMs())]).toEqual([30_000, 2_000]);
  });
});
