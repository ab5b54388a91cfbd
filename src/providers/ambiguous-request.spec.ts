import type { JsonObject } from '../protocols/protocol.js';
import { providerNamed } from './index.js';
import { buildRequest } from './request.js';

const channel = { id: 'chan_1', baseUrl: 'https://upstream.test', credential: 'x', options: {} };

function sent(text: string): string {
  const body = JSON.parse(text) as JsonObject;
  const outgoing = {
    protocol: 'openai-chat',
    endpoint: 'chat',
    model: String(body.model),
    stream: false,
    channel,
  } as const;
  const options = { askUsage: false, headers: {}, meant: () => body };
  const { request } = buildRequest(providerNamed('openai')!, outgoing, body, Buffer.from(text), options);
  return Buffer.from(request.body ?? []).toString();
}

describe('a body that parsers read in two ways', () => {
  it.each([
    ['{"model":"dear","model":"cheap","messages":[]}', '{"model":"cheap","messages":[]}'],
    ['{"mod\\u0065l":"dear","model":"cheap","messages":[]}', '{"model":"cheap","messages":[]}'],
    ['{"model":"cheap","store":true,"store":false}', '{"model":"cheap","store":false}'],
  ])('goes upstream in the one that was checked and priced: %s', (text, expected) => {
    expect(sent(text)).toBe(expected);
  });

  it('goes as it came when there is only one', () => {
    const text = '{ "messages": [{"content":"say \\"model\\" twice: \\"model\\""}], "model": "cheap" }';
    expect(sent(text)).toBe(text);
  });
});
