import { anthropicList, anthropicModel } from './anthropic-shape.js';

const models = ['a', 'b', 'c', 'd'].map(id => ({ id, created: 1758067200 }));
const ids = (page: object) => anthropicList(models, page).data.map(model => model.id);

describe('the list of models in Anthropic’s shape', () => {
  it('names a model as Anthropic does', () => {
    expect(anthropicModel({ id: 'a', created: 1758067200 })).toEqual({
      type: 'model',
      id: 'a',
      display_name: 'a',
      created_at: '2025-09-17T00:00:00.000Z',
    });
  });

  it('pages both ways', () => {
    expect(anthropicList(models, {})).toMatchObject({ has_more: false, first_id: 'a', last_id: 'd' });
    expect(anthropicList(models, { limit: 2 })).toMatchObject({ has_more: true, first_id: 'a', last_id: 'b' });
    expect(ids({ limit: 2, after_id: 'b' })).toEqual(['c', 'd']);
    expect(ids({ limit: 2, before_id: 'd' })).toEqual(['b', 'c']);
    expect(anthropicList(models, { after_id: 'd' })).toEqual({
      data: [],
      has_more: false,
      first_id: null,
      last_id: null,
    });
    expect(ids({ after_id: 'gone' })).toEqual([]);
    expect(ids({ before_id: 'gone' })).toEqual([]);
  });
});
