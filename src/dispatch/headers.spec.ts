import { limitHeaders, returnedHeaders } from './headers.js';

describe('x-ratelimit-*', () => {
  it.each([
    [0, '0ms'],
    [0.2, '1ms'],
    [349.1, '350ms'],
    [999.2, '1s'],
    [1_000, '1s'],
    [58_001, '59s'],
    [59_001, '1m0s'],
    [60_000, '1m0s'],
    [360_000, '6m0s'],
    [361_500, '6m2s'],
  ])('an empty window in %d ms reads as OpenAI spells it: %s', (ms, spelled) => {
    const standing = { limitRequests: 5, remainingRequests: 2, resetRequestsMs: ms };
    expect(limitHeaders(standing)).toEqual({
      'x-ratelimit-limit-requests': '5',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': spelled,
    });
    expect(limitHeaders({ limitTokens: 9, remainingTokens: 0, resetTokensMs: ms })).toEqual({
      'x-ratelimit-limit-tokens': '9',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': spelled,
    });
  });

  it('are never an upstream’s own', () => {
    const upstream = { 'x-ratelimit-limit-requests': '10000', 'x-ratelimit-reset-tokens': '1s', 'retry-after': '7' };
    expect(returnedHeaders({ ...upstream, 'openai-version': '2020-10-01' }, [])).toEqual({
      'openai-version': '2020-10-01',
    });
    expect(limitHeaders(undefined)).toEqual({});
  });
});
