import { cutQueryKey } from './query-key.js';

describe('the ?key= form', () => {
  it.each([
    ['/v1/models', '/v1/models', undefined],
    ['/v1/models?key=sk-lazu-1', '/v1/models', 'sk-lazu-1'],
    ['/v1/models?a=1&key=sk-lazu-1&b=2', '/v1/models?a=1&b=2', 'sk-lazu-1'],
    ['/v1/models?key=one&key=two', '/v1/models', 'one'],
    ['/v1/models?%6bey=sk-lazu-1', '/v1/models', 'sk-lazu-1'],
    ['/v1/models?ke%79=sk-lazu-1', '/v1/models', 'sk-lazu-1'],
    ['/v1/models?monkey=1', '/v1/models?monkey=1', undefined],
    ['/v1/models?key=%zz', '/v1/models', '%zz'],
    ['/v1/models?key', '/v1/models', ''],
  ])('cuts it out of %s', (target, url, key) => {
    expect(cutQueryKey(target)).toEqual({ url, key });
  });
});
