import { ByteBudget } from './byte-budget.js';

const never = new AbortController().signal;

describe('trap 38: the memory that fetched parts share', () => {
  it('is given in order of arrival, and given back', async () => {
    const budget = new ByteBudget(100, 1000);
    const [first, second, third] = [budget.open(), budget.open(), budget.open()];
    await first.take(60, never);
    const order: string[] = [];
    const large = second.take(80, never).then(() => order.push('large'));
    const small = third.take(10, never).then(() => order.push('small'));
    await new Promise(resolve => setImmediate(resolve));
    expect(order).toEqual([]); // the small one would fit, but does not overtake
    first.give(30);
    expect(budget.free).toBe(70);
    first.release();
    await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
    second.release();
    second.release();
    third.release();
    expect(budget.free).toBe(100);
  });

  it('is refused after the deadline, and who stood behind moves up', async () => {
    const budget = new ByteBudget(100, 50);
    const holder = budget.open();
    await holder.take(60, never);
    const large = budget.open().take(80, never);
    const small = budget.open();
    const behind = small.take(40, never);
    await expect(large).rejects.toMatchObject({ code: 'service_unavailable', status: 503, retryAfter: 5 });
    await behind;
    holder.release();
    small.release();
    expect(budget.free).toBe(100);
  });

  it('is not given to who was aborted', async () => {
    const budget = new ByteBudget(100, 1000);
    const holder = budget.open();
    await holder.take(100, never);
    const stop = new AbortController();
    const waiting = budget.open().take(10, stop.signal);
    stop.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    await expect(budget.open().take(0, stop.signal)).rejects.toThrow('left');
    holder.release();
    expect(budget.free).toBe(100);
  });

  it('comes back when the request ended while it waited, and never twice', async () => {
    const budget = new ByteBudget(100, 1000);
    const [holder, late] = [budget.open(), budget.open()];
    await holder.take(100, never);
    const waiting = late.take(50, never);
    late.release();
    holder.release();
    await waiting;
    late.give(50);
    expect(budget.free).toBe(100);
  });
});
