import { anthropicMessages } from '../protocols/anthropic-messages/index.js';
import type { ProtocolName } from '../protocols/protocol.js';
import { providerNamed } from './index.js';
import type { Outgoing } from './provider.js';
import { buildRequest } from './request.js';

const body = { model: 'a-model', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
const raw = Buffer.from(JSON.stringify(body));

function sent(name: string, protocol: ProtocolName, baseUrl?: string) {
  const provider = providerNamed(name)!;
  const channel: Outgoing['channel'] = { id: 'c', baseUrl, credential: 'key', options: {} };
  const outgoing = { protocol, endpoint: 'chat', model: 'a-model', stream: false, channel } as const;
  const { modelIn } = anthropicMessages;
  const { request } = buildRequest(provider, outgoing, body, raw, { askUsage: true, headers: {}, modelIn });
  return { ...request, spoken: provider.protocolsFor?.('a-model', channel) };
}

describe('vendors that speak Anthropic Messages beside OpenAI chat', () => {
  it.each([
    ['deepseek', undefined, 'https://api.deepseek.com/anthropic/v1/messages'],
    ['deepseek', 'https://api.deepseek.com/beta', 'https://api.deepseek.com/anthropic/v1/messages'],
    ['deepseek', 'https://proxy.example/anthropic', 'https://proxy.example/anthropic/v1/messages'],
    ['moonshot', undefined, 'https://api.moonshot.ai/anthropic/v1/messages'],
    ['moonshot', 'https://api.moonshot.cn/v1', 'https://api.moonshot.cn/anthropic/v1/messages'],
  ])('%s at %s is asked at %s, byte for byte', (name, baseUrl, url) => {
    const request = sent(name, 'anthropic-messages', baseUrl);
    expect(request.url.href).toBe(url);
    expect(request.body).toBe(raw);
  });

  it('with the key where each vendor wants it', () => {
    expect(sent('deepseek', 'anthropic-messages').headers).toMatchObject({ 'x-api-key': 'key' });
    expect(sent('deepseek', 'anthropic-messages').headers).not.toHaveProperty('authorization');
    expect(sent('moonshot', 'anthropic-messages').headers).toMatchObject({ authorization: 'Bearer key' });
    expect(sent('deepseek', 'openai-chat').headers).toMatchObject({ authorization: 'Bearer key' });
    expect(sent('deepseek', 'openai-chat').url.href).toBe('https://api.deepseek.com/chat/completions');
  });

  it('only where the host is the vendor\u2019s own: a proxy may know chat alone', () => {
    expect(sent('moonshot', 'openai-chat').spoken).toEqual(['openai-chat', 'anthropic-messages']);
    expect(sent('moonshot', 'openai-chat', 'http://localhost:1/v1').spoken).toEqual(['openai-chat']);
  });
});
