import fc from 'fast-check';
import { JsonEnd } from './json-end.js';

/** After which pieces the end is reached. */
function ends(pieces: readonly string[]): boolean[] {
  const end = new JsonEnd();
  return pieces.map(piece => {
    end.see(piece);
    return end.isReached;
  });
}

describe('the end of JSON in pieces', () => {
  it('is where an object or a list closes, whatever its texts say', () => {
    const inside = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
    fc.assert(
      fc.property(inside, fc.nat({ max: 2 }), (value, indent) => {
        const characters = JSON.stringify(value, null, indent).split('');
        const reached = ends(characters);
        expect(reached.indexOf(true)).toBe(characters.length - 1);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([[''], [' '], ['"a"'], ['null'], ['{'], ['{"a":"}'], ['{"a":"\\"}'], ['[{}']])('is not in %j', text => {
    expect(ends([text])).toEqual([false]);
  });
});
