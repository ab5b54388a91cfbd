import { readCapped } from './read-capped.js';

async function* chunks(...sizes: number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const size of sizes) {
    yield Uint8Array.from({ length: size }, () => next++ % 251);
    await Promise.resolve();
  }
}

const upTo = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index % 251));

describe('reading a body up to a cap', () => {
  it.each([
    [[], undefined],
    [[], 0],
    [[5], 5],
    [[5, 6, 7], 18],
    [[5, 6, 7], undefined],
    [[70_000, 1, 70_000], undefined],
    [Array<number>(1000).fill(1), undefined],
    [[100_000, 100_000], undefined],
  ])('joins %j', async (sizes, declared) => {
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    expect((await readCapped(chunks(...sizes), declared, 200_000))?.equals(upTo(whole))).toBe(true);
  });

  it('keeps no more than came', async () => {
    const bytes = await readCapped(chunks(70_000, 1), undefined, 1_000_000);
    expect(bytes?.buffer.byteLength).toBe(70_001);
  });

  it('stops, and stops the source, one byte above the cap', async () => {
    let stopped = false;
    async function* endless() {
      try {
        for (;;) yield* chunks(1000);
      } finally {
        stopped = true;
      }
    }
    expect(await readCapped(endless(), undefined, 10_000)).toBeUndefined();
    expect(stopped).toBe(true);
    expect(await readCapped(chunks(10_001), undefined, 10_000)).toBeUndefined();
  });
});
