import { readError, readErrorObject } from './read-error.js';

const openai = (code: string | null, message = 'no', type = 'invalid_request_error', param: string | null = null) =>
  JSON.stringify({ error: { message, type, code, param } });

describe('what an upstream refuses with', () => {
  it.each([
    [400, openai(null, 'bad', 'invalid_request_error', 'tools'), 'invalid_request', false],
    [400, openai('context_length_exceeded'), 'context_length_exceeded', false],
    [400, openai(null, "This model's maximum context length is 10 tokens"), 'context_length_exceeded', false],
    [400, openai(null, 'prompt too long; exceeded max context length by 9 tokens'), 'context_length_exceeded', false],
    [400, openai('400', 'Too long.', 'too_many_prompt_tokens'), 'context_length_exceeded', false],
    [400, openai('content_filter'), 'content_policy_violation', false],
    [413, '', 'context_length_exceeded', false],
    [422, '{"detail":[{"msg":"field required","loc":["body"]}]}', 'invalid_request', false],
    [401, openai('invalid_api_key', 'Incorrect API key provided: sk-abc'), 'upstream_error', true],
    [402, '{"error":{"message":"Insufficient Balance"}}', 'upstream_error', true],
    [403, '', 'upstream_error', true],
    [404, openai('model_not_found'), 'upstream_error', true],
    [408, '', 'upstream_timeout', true],
    [429, openai('rate_limit_exceeded'), 'upstream_rate_limited', true],
    [429, openai('insufficient_quota', 'You exceeded your current quota'), 'upstream_error', true],
    [500, '<html>', 'upstream_error', true],
    [503, '', 'upstream_unavailable', true],
    [504, '', 'upstream_timeout', true],
    [529, '', 'upstream_unavailable', true],
  ])('%i %s is %s', (status, body, code, retryable) => {
    const error = readError(status, body, {});
    expect([error.code, error.retryable]).toEqual([code, retryable]);
  });

  it('shows the message of a refusal, and never the words about keys and money', () => {
    expect(readError(400, openai(null, 'tools: too many'), {}).message).toBe('tools: too many');
    expect(readError(401, openai('invalid_api_key', 'Incorrect API key provided: sk-abc'), {}).message).not.toContain(
      'sk-abc',
    );
  });

  it('passes on when to come back', () => {
    expect(readError(429, '', { 'retry-after': '7' }).retryAfter).toBe(7);
    expect(readError(429, '', { 'retry-after-ms': '1500', 'retry-after': '7' }).retryAfter).toBe(2);
    expect(readError(429, '', { 'retry-after': 'Wed, 21 Oct' }).retryAfter).toBeUndefined();
    const at = (seconds: number) => `Wed, 21 Oct 2026 07:28:${seconds} GMT`;
    expect(readError(503, '', { 'retry-after': at(40), date: at(10) }).retryAfter).toBe(30);
    expect(readError(503, '', { 'retry-after': at(10), date: at(40) }).retryAfter).toBeUndefined();
  });

  it('reads errors without a status by their own code', () => {
    expect(readErrorObject({ code: 502, message: 'x' }).code).toBe('upstream_error');
    expect(readErrorObject({ type: 'overloaded_error' }).code).toBe('upstream_unavailable');
    expect(readErrorObject({ type: 'invalid_request_error', message: 'm' }).code).toBe('invalid_request');
    expect(readErrorObject({ message: 'x' }).code).toBe('upstream_error');
  });
});
