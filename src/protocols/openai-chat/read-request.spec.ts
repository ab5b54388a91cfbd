import type { JsonObject } from '../protocol.js';
import { readRequest } from './read-request.js';

const read = (body: JsonObject) => readRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...body });

describe('hints of chat', () => {
  it('names of speakers have no neutral form: reported, each where it stands', () => {
    const messages = [
      { role: 'system', name: '', content: 'Hi' },
      { role: 'user', name: 'ann', content: 'Hi' },
      { role: 'assistant', name: null, content: 'Hi' },
      { role: 'tool', name: 'f', tool_call_id: 'a', content: 'x' },
    ];
    expect(read({ messages }).unread).toEqual(['messages.1.name']);
  });

  it.each([
    ['auto', undefined, []],
    ['default', 'standard', []],
    ['flex', 'flex', []],
    ['priority', 'priority', []],
    ['scale', undefined, ['service_tier']],
    ['constructor', undefined, ['service_tier']],
  ])('the tier %s is %s to others', (service_tier, serviceTier, unread) => {
    const conversation = read({ service_tier });
    expect([conversation.settings.serviceTier, conversation.unread]).toEqual([serviceTier, unread]);
  });

  it.each([
    [{ url: 'https://example.com/a.png', detail: 'low' }, 'low'],
    [{ url: 'https://example.com/a.png', detail: 'auto' }, undefined],
    [{ url: 'https://example.com/a.png' }, undefined],
    ['https://example.com/a.png', undefined],
  ])('an image %j is looked at in detail: %s', (image_url, detail) => {
    const content = [{ type: 'image_url', image_url }];
    expect(read({ messages: [{ role: 'user', content }] }).turns[0]!.blocks[0]).toMatchObject({
      source: { kind: 'url', url: 'https://example.com/a.png' },
      ...(detail && { detail }),
    });
  });
});
