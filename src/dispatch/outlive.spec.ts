import { Subject } from 'rxjs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Flow } from '../egress/flow.js';
import { outlive } from './outlive.js';

const setUp = (graceMs: number) => {
  const source = new Subject<number>();
  const flow = new Flow();
  const heard: number[] = [];
  const left: boolean[] = [];
  const subscription = outlive(source, { flow, graceMs: () => graceMs, left: ended => left.push(ended) }).subscribe(
    item => heard.push(item),
  );
  return { source, flow, heard, left, subscription };
};

describe('outliving the caller', () => {
  it('says nothing when the source ends first', async () => {
    const { source, heard, left } = setUp(5);
    source.next(1);
    source.complete();
    await sleep(10);
    expect([heard, left]).toEqual([[1], []]);
  });

  it('reads on unheard until the source ends', async () => {
    const { source, flow, heard, left, subscription } = setUp(1_000);
    flow.hold();
    subscription.unsubscribe();
    expect([flow.held, source.observed]).toEqual([false, true]);
    source.next(2);
    source.complete();
    await sleep(1);
    expect([heard, left]).toEqual([[], [true]]);
  });

  it('aborts the upstream after the grace', async () => {
    const { source, left, subscription } = setUp(10);
    subscription.unsubscribe();
    await sleep(30);
    expect([source.observed, left]).toEqual([false, [false]]);
  });
});
