import { TokenCorrection } from './token-correction.js';

describe('a stream that takes more tokens than it was admitted with', () => {
  const told: number[] = [];
  let at = 0;
  const correction = () => {
    told.length = 0;
    at = 5_000;
    return new TokenCorrection({ correct: (_, tokens) => told.push(tokens) }, 'req_1', 100, 300, () => at);
  };

  it('says nothing while what was admitted covers it', () => {
    const one = correction();
    for (const output of [0, 150, 200]) one.reached(output);
    expect(told).toEqual([]);
  });

  it('says all that it has taken, input too, once a second at most', () => {
    const one = correction();
    for (let output = 0; output <= 1_000; output += 10, at += 100) one.reached(output);
    expect(told).toEqual([310, 410, 510, 610, 710, 810, 910, 1_010]);
    at += 1_000;
    one.reached(1_000);
    expect(told.at(-1)).toBe(1_100);
    const times = told.length;
    at += 1_000;
    one.reached(1_000);
    expect(told).toHaveLength(times); // nothing new
  });
});
