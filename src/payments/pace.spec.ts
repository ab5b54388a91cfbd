import { CheckoutPace } from './pace.js';

describe('the pace of checkouts', () => {
  it('is ten a minute for each account, and says how long to wait', () => {
    const pace = new CheckoutPace();
    for (let second = 0; second < 10; second++) expect(pace.take('one', second * 1_000)).toBe(0);
    expect(pace.take('one', 20_000)).toBe(40_000);
    expect(pace.take('other', 20_000)).toBe(0);
    expect(pace.take('one', 60_000)).toBe(0);
    expect(pace.take('one', 60_001)).toBe(999);
  });

  it('holds for an account after thousands of others have come and gone', () => {
    const pace = new CheckoutPace();
    for (let count = 0; count < 10; count++) pace.take('one', 50_000);
    for (let account = 0; account < 5_000; account++) expect(pace.take(`account ${account}`, 50_000 + account)).toBe(0);
    expect(pace.take('one', 60_000)).toBe(50_000);
  });
});
