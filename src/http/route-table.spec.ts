import { RouteTable } from './route-table.js';

const table = new RouteTable<string>();
table.add('/v1/chat/completions', 'chat');
table.add('/v1beta/models/{model}:generateContent', 'generate');
table.add('/v1beta/models/{model}:streamGenerateContent', 'stream');

describe('the paths of the inference mount', () => {
  it.each([
    ['/v1/chat/completions', 'chat', {}],
    ['/v1beta/models/gemini-2.5-flash:generateContent', 'generate', { model: 'gemini-2.5-flash' }],
    ['/v1beta/models/gemini-2.5-flash:streamGenerateContent', 'stream', { model: 'gemini-2.5-flash' }],
    ['/v1beta/models/openai/gpt-oss-120b:generateContent', 'generate', { model: 'openai/gpt-oss-120b' }],
    ['/v1beta/models/openai%2Fgpt-oss-120b:generateContent', 'generate', { model: 'openai/gpt-oss-120b' }],
    ['/v1beta/models/llama3.1:8b:generateContent', 'generate', { model: 'llama3.1:8b' }],
    ['/v1beta/models/__proto__:generateContent', 'generate', { model: '__proto__' }],
  ])('%s', (path, value, params) => {
    expect(table.find(path)).toEqual({ value, params });
  });

  it.each([
    '/v1/chat/completions/',
    '/v1/chat',
    '/v1beta/models/:generateContent',
    '/v1beta/models/x:embedContent',
    '/v1beta/models/%:generateContent',
    '/v1beta/models/%ff:generateContent',
    '',
  ])('%j is none of them', path => {
    expect(table.find(path)).toBeUndefined();
  });
});
