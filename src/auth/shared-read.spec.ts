import { SharedRead } from './shared-read.js';

describe('a shared read', () => {
  it('serves who asks while it runs by the next one', async () => {
    const asked: string[] = [];
    const read: string[][] = [];
    const shared = new SharedRead(async () => {
      read.push(asked.splice(0));
      await new Promise(setImmediate);
    });
    const ask = (name: string) => {
      asked.push(name);
      return shared.run();
    };
    await Promise.all([ask('a'), ask('b'), ask('c')]);
    expect(read).toEqual([['a'], ['b', 'c']]);
  });

  it('trap 18: fails for everybody whose question it took along, those of the gap before it too', async () => {
    let asked = 0;
    const shared = new SharedRead(() => {
      const taken = asked;
      asked = 0;
      return taken > 0 ? Promise.reject(new Error('away')) : Promise.resolve();
    }, 20);
    const ask = () => {
      asked++;
      return shared.run().then(
        () => 'read',
        () => 'failed',
      );
    };
    expect(await ask()).toBe('failed');
    const inTheGap = [ask(), ask(), ask()];
    await new Promise(resolve => setTimeout(resolve, 5));
    inTheGap.push(ask());
    expect(await Promise.all(inTheGap)).toEqual(['failed', 'failed', 'failed', 'failed']);
  });
});
