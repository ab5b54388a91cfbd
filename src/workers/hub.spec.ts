import { Logger } from '@nestjs/common';
import { linked } from '../../test/support/linked.js';
import { Hub } from './hub.js';
import { WorkerSiblings } from './siblings.js';
import { topic } from './topic.js';

const NEWS = topic<string>('news');
const COUNT = topic<undefined, number>('count');

function host() {
  const hub = new Hub();
  const join = () => {
    const { one, other } = linked();
    let isDead = false;
    const leave = hub.join(other, () => {
      isDead = true;
      leave();
      return Promise.resolve();
    });
    return { siblings: new WorkerSiblings(one), isDead: () => isDead, leave };
  };
  return { hub, join };
}

beforeAll(() => Logger.overrideLogger(false));

describe('siblings', () => {
  it('trap 17: what one tells, all others have acted on before it goes on', async () => {
    const { join } = host();
    const teller = join();
    const others = [join(), join()];
    const acted: string[] = [];
    for (const { siblings } of others) {
      await siblings.follow(NEWS, async news => {
        await new Promise(resolve => setTimeout(resolve, 20));
        acted.push(news);
      });
    }
    await teller.siblings.follow(NEWS, () => void acted.push('its own'));
    await teller.siblings.tell(NEWS, 'key_1');
    expect(acted).toEqual(['key_1', 'key_1']);
  });

  it('one that does not act is ended, and holds nobody up after that', async () => {
    const { join } = host();
    const [teller, stuck] = [join(), join()];
    await stuck.siblings.follow(NEWS, () => Promise.reject(new Error('stuck')));
    await teller.siblings.tell(NEWS, 'key_1');
    expect(stuck.isDead()).toBe(true);
    await teller.siblings.tell(NEWS, 'key_2');
  });

  it('one that follows nothing yet, or is gone, is not waited for', async () => {
    const { join } = host();
    const [teller, gone] = [join(), join(), join()];
    await gone.siblings.follow(NEWS, () => new Promise(() => undefined));
    gone.leave();
    await teller.siblings.tell(NEWS, 'key_1');
  });

  it('a primary that does not answer fails the one that must be sure, and leaves the other without answers', async () => {
    const { one } = linked();
    const siblings = new WorkerSiblings(one);
    one.close();
    await expect(siblings.tell(NEWS, 'key_1')).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(await siblings.ask(COUNT, undefined)).toEqual([]);
  });

  it('answers come from those that have one, the primary included', async () => {
    const { hub, join } = host();
    const [asker, counter, broken] = [join(), join(), join()];
    hub.on(COUNT, () => 1);
    await asker.siblings.follow(COUNT, () => 2);
    await counter.siblings.follow(COUNT, () => 3);
    await broken.siblings.follow(COUNT, () => Promise.reject(new Error('no')));
    expect(await asker.siblings.ask(COUNT, undefined)).toEqual([3, 1]);
    expect(broken.isDead()).toBe(false);
  });
});
