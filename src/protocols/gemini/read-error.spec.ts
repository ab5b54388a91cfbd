import { readError, readErrorObject } from './read-error.js';

const info = (type: string, more: object) => ({ '@type': `type.googleapis.com/google.rpc.${type}`, ...more });
const told = (code: number, status: string, message: string, ...details: object[]) =>
  JSON.stringify({ error: { code, status, message, details } });
const quota = (quotaId: string, quotaValue = '10') => info('QuotaFailure', { violations: [{ quotaId, quotaValue }] });
const EXCEEDED = 'You exceeded your current quota, please check your plan and billing details.';

describe("errors of Google's", () => {
  it.each([
    [
      'The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).',
      'context_length_exceeded',
    ],
    ['The prompt violates our Responsible AI practices.', 'content_policy_violation'],
    ['Please use a valid role: user, model.', 'invalid_request'],
    ['Invalid value at safety_settings[0].category', 'invalid_request'],
  ])('400 %s: %s', (message, code) => {
    expect(readError(400, told(400, 'INVALID_ARGUMENT', message), {})).toMatchObject({ code, message, status: 400 });
  });

  it.each([
    [
      'a wrong key',
      400,
      told(400, 'INVALID_ARGUMENT', 'API key not valid.', info('ErrorInfo', { reason: 'API_KEY_INVALID' })),
    ],
    ['an expired key', 400, told(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.')],
    ['a place that is not served', 400, told(400, 'FAILED_PRECONDITION', 'User location is not supported.')],
    ['no permission', 403, told(403, 'PERMISSION_DENIED', 'Denied on project 1234.')],
    ['no such model', 404, told(404, 'NOT_FOUND', 'models/x is not found.')],
    [
      "a day's requests",
      429,
      told(429, 'RESOURCE_EXHAUSTED', EXCEEDED, quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier')),
    ],
    [
      'no free tier',
      429,
      told(429, 'RESOURCE_EXHAUSTED', EXCEEDED, quota('InputTokensPerModelPerMinute-FreeTier', '0')),
    ],
    ['no credit', 429, told(429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.')],
  ])("%s is the operator's problem", (_what, status, body) => {
    const error = readError(status, body, {});
    expect(error).toMatchObject({ code: 'upstream_error', status: 502, retryable: true });
    expect(body).not.toContain(error.message);
  });

  it("a minute's tokens pass, and it says when", () => {
    const body = told(
      ...([429, 'RESOURCE_EXHAUSTED', EXCEEDED] as const),
      quota('GenerateContentPaidTierInputTokensPerModelPerMinute', '1000000'),
      info('RetryInfo', { retryDelay: '48.9s' }),
    );
    expect(readError(429, body, {})).toMatchObject({ code: 'upstream_rate_limited', retryAfter: 49 });
    expect(readError(429, `[${body}]`, { 'retry-after': '7' })).toMatchObject({ retryAfter: 7 });
  });

  it.each([
    [500, 'upstream_error'],
    [503, 'upstream_unavailable'],
    [504, 'upstream_timeout'],
  ])('%i is %s, whatever the body is', (status, code) => {
    expect(readError(status, '<html>', {})).toMatchObject({ code, retryable: true });
  });

  it('inside a stream they say their status themselves', () => {
    expect(readErrorObject({ code: 503, status: 'UNAVAILABLE' })).toMatchObject({ code: 'upstream_unavailable' });
    expect(readErrorObject({ status: 'DEADLINE_EXCEEDED' })).toMatchObject({ code: 'upstream_timeout' });
    expect(readErrorObject({})).toMatchObject({ code: 'upstream_error' });
  });
});
