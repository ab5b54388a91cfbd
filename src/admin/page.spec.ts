import 'reflect-metadata';
import { pageOf, PageQuery, sliceOf } from './page.js';

describe('page', () => {
  const query = Object.assign(new PageQuery(), { limit: 2 });
  const items = [{ id: 'c' }, { id: 'b' }, { id: 'a' }];

  it('asks for one row more than it shows', () => expect(sliceOf(query)).toEqual({ after: undefined, take: 3 }));
  it('says that there is more', () =>
    expect(pageOf(items, query)).toEqual({ data: [{ id: 'c' }, { id: 'b' }], has_more: true, last_id: 'b' }));
  it('says that there is no more', () =>
    expect(pageOf(items.slice(1), query)).toEqual({ data: [{ id: 'b' }, { id: 'a' }], has_more: false, last_id: 'a' }));
  it('is empty', () => expect(pageOf([], query)).toEqual({ data: [], has_more: false, last_id: null }));
});
