/** The same numbers for the same seed, so that a failure can be played again: mulberry32, public domain. */
export class Seeded {
  #state: number;

  constructor(seed: string | number) {
    this.#state = typeof seed === 'number' ? seed : hash(seed);
  }

  /** 0 ≤ x < 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number, 0 ≤ x < below */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /**
   * Bytes in pieces of random size. Half of the seams lie near a line's end, where a reader of frames could stumble; the others
   * anywhere, inside UTF-8 characters too.
   */
  split(bytes: Buffer, mostPieces: number): Buffer[] {
    const lineEnds = [...bytes.keys()].filter(at => bytes[at] === 0x0a);
    const seams = new Set<number>();
    for (let count = this.below(mostPieces); count > 0; count--) {
      const near = lineEnds.length > 0 && this.chance(0.5) ? this.pick(lineEnds) + this.below(4) - 1 : undefined;
      seams.add(Math.min(Math.max(near ?? this.below(bytes.length + 1), 0), bytes.length));
    }
    const cuts = [0, ...[...seams].sort((a, b) => a - b), bytes.length];
    return cuts
      .slice(1)
      .map((cut, index) => bytes.subarray(cuts[index], cut))
      .filter(piece => piece.length > 0);
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0)!, 0x01000193);
  return value >>> 0;
}
