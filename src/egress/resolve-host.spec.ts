import { FetchPolicy } from './fetch-policy.js';
import { guardedLookup, Refused } from './resolve-host.js';

describe('trap 38: the lookup of a guarded connection', () => {
  let questions = 0;
  const look = (addresses: string[], port = 443, allow: string[] = []) =>
    new Promise<unknown>((resolve, reject) => {
      const answer = () => (questions++, Promise.resolve(addresses));
      guardedLookup(new FetchPolicy(allow), port, answer)('a.example', { all: true }, (error, found) =>
        error ? reject(error) : resolve(found),
      );
    });

  it('hands on the addresses it judged, having asked once', async () => {
    questions = 0;
    await expect(look(['8.8.8.8', '2606:4700::1111'])).resolves.toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
    expect(questions).toBe(1);
  });

  it.each([
    [['10.0.0.1']],
    [['8.8.8.8', '10.0.0.1']],
    [['10.0.0.1', '8.8.8.8']],
    [['8.8.8.8', '::1']],
    [['::ffff:127.0.0.1']],
    [['a.example']],
    [[]],
  ])('refuses %j whole', async addresses => {
    await expect(look(addresses)).rejects.toBeInstanceOf(Refused);
  });

  it('refuses odd ports in public, not in what the operator allows', async () => {
    await expect(look(['8.8.8.8'], 22)).rejects.toBeInstanceOf(Refused);
    await expect(look(['10.0.0.1'], 9000, ['10.0.0.0/8'])).resolves.toEqual([{ address: '10.0.0.1', family: 4 }]);
  });
});
