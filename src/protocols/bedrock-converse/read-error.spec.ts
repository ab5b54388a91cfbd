import { readError } from './read-error.js';

const refused = (status: number, type: string, message: string, headers = {}) =>
  readError(status, JSON.stringify({ message }), {
    'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
    ...headers,
  });

describe('what Bedrock says when it refuses', () => {
  it.each([
    [400, 'ValidationException', 'Input is too long for requested model.', 'context_length_exceeded'],
    [400, 'ValidationException', 'prompt is too long: 227255 tokens > 200000 maximum', 'context_length_exceeded'],
    [
      400,
      'ValidationException',
      'Input Tokens Exceeded: Number of input tokens exceeds maximum length.',
      'context_length_exceeded',
    ],
    [400, 'ValidationException', 'Output blocked by content filtering policy', 'content_policy_violation'],
    [400, 'ValidationException', 'messages.0: extraneous key [x] is not permitted', 'invalid_request'],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 'upstream_error'],
    [
      400,
      'ValidationException',
      "Invocation of model ID x with on-demand throughput isn't supported.",
      'upstream_error',
    ],
    [400, 'ServiceQuotaExceededException', 'Your request exceeds the service quota.', 'upstream_error'],
    [403, 'AccessDeniedException', "You don't have access to the model.", 'upstream_error'],
    [403, 'UnrecognizedClientException', 'The security token is invalid.', 'upstream_error'],
    [404, 'ResourceNotFoundException', 'Could not resolve the model.', 'upstream_error'],
    [408, 'ModelTimeoutException', 'The model timed out.', 'upstream_timeout'],
    [424, 'ModelErrorException', 'The model failed.', 'upstream_error'],
    [429, 'ThrottlingException', 'Too many requests, please wait.', 'upstream_rate_limited'],
    [429, 'ThrottlingException', 'Too many tokens per day, please wait.', 'upstream_error'],
    [429, 'ModelNotReadyException', 'The model is not ready.', 'upstream_unavailable'],
    [500, 'InternalServerException', 'Oops.', 'upstream_error'],
    [503, 'ServiceUnavailableException', 'Busy.', 'upstream_unavailable'],
  ])('%i %s: %s is %s', (status, type, message, code) => {
    const error = refused(status, type, message);
    expect(error.code).toBe(code);
    expect(error.message.includes(message)).toBe(error.status === 400);
    expect(error.retryable).toBe(error.status !== 400);
  });

  it('names the exception in the body where there is no header', () => {
    const body = JSON.stringify({ __type: 'com.amazon.coral.service#ThrottlingException', Message: 'Slow down' });
    expect(readError(400, body, {}).code).toBe('upstream_rate_limited');
    expect(readError(502, '<html>', {}).code).toBe('upstream_error');
  });

  it('passes on when to come back', () => {
    expect(refused(429, 'ThrottlingException', 'Wait', { 'retry-after': '7' }).retryAfter).toBe(7);
  });
});
