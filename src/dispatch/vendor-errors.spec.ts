import type { Channel } from '../catalog/route.js';
import type { ProtocolName } from '../protocols/protocol.js';
import { providerNamed, providers } from '../providers/index.js';
import { foreignLanguage } from './languages.js';

/** As the vendor says it: on its pages, in recordings, in its users' bug reports. */
interface Told {
  readonly tooLong: readonly Answer[];
  readonly forbidden: readonly Answer[];
  readonly spent: readonly Answer[];
  /** Its keys, names and accounts. */
  readonly operators?: readonly Answer[];
  readonly limited?: readonly Answer[];
  readonly busy?: readonly Answer[];
}
type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>];

const openai = (message: string, code: string | null = null, type = 'invalid_request_error') => ({
  error: { message, type, param: null, code },
});
const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message } });
const google = (code: number, status: string, message: string, ...details: object[]) => ({
  error: { code, message, status, details },
});
const aws = (type: string, message: string, status: number): Answer => [
  status,
  { message },
  { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/` },
];
const cloudflare = (code: number, message: string) => ({ success: false, result: null, errors: [{ code, message }] });
const SPENT_DAY = {
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
};
const BLOCKED_CLAUDE = anthropic('invalid_request_error', 'Output blocked by content filtering policy');
const LONG_CLAUDE = anthropic('invalid_request_error', 'prompt is too long: 3333404 tokens > 200000 maximum');
const AZURE_FILTER = {
  error: {
    message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    ...{ type: null, param: 'prompt', code: 'content_filter', status: 400 },
    innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: { hate: { filtered: true } } },
  },
};
const CONTEXT = openai("This model's maximum context length is 128000 tokens. However, you requested 130000 tokens.");

/** The protocol that callers of another dialect reach it by, unless the key says another: `vendor/protocol`. */
const VENDORS: Readonly<Record<string, Told>> = {
  openai: {
    tooLong: [[400, openai(CONTEXT.error.message, 'context_length_exceeded')]],
    forbidden: [
      [
        400,
        openai('Invalid prompt: your prompt was flagged as potentially violating our usage policy.', 'invalid_prompt'),
      ],
      [400, openai('Your request was rejected as a result of our safety system.', 'content_policy_violation')],
    ],
    spent: [
      [
        429,
        openai('You exceeded your current quota, please check your plan.', 'insufficient_quota', 'insufficient_quota'),
      ],
      [400, openai('Billing hard limit has been reached', 'billing_hard_limit_reached')],
    ],
    operators: [
      [401, openai('Incorrect API key provided: sk-abc.', 'invalid_api_key')],
      [404, openai('The model `gpt-9` does not exist or you do not have access to it.', 'model_not_found')],
      [400, openai('Your organization must be verified to stream this model.', 'unsupported_value')],
    ],
    limited: [
      [
        429,
        openai(
          'Rate limit reached for gpt-4o in organization org-1 on tokens per min',
          'rate_limit_exceeded',
          'tokens',
        ),
      ],
    ],
    busy: [[503, openai('The engine is currently overloaded, please try again later', null, 'server_error')]],
  },
  'openai/openai-responses': {
    tooLong: [[400, openai('Your input exceeds the context window of this model.', 'context_length_exceeded')]],
    forbidden: [[400, openai('Your request was flagged for possible cyber abuse.', 'cyber_policy_violation')]],
    spent: [[429, openai('You exceeded your current quota.', 'insufficient_quota', 'insufficient_quota')]],
    operators: [[400, openai("The requested model 'x' does not exist.", 'model_not_found')]],
  },
  'azure-openai': {
    tooLong: [[400, openai(CONTEXT.error.message, 'context_length_exceeded')]],
    forbidden: [[400, AZURE_FILTER]],
    spent: [[429, openai('insufficient quota', 'insufficient_quota')]],
    operators: [
      [404, { error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' } }],
    ],
    limited: [
      [
        429,
        { error: { code: '429', message: 'Requests have exceeded call rate limit of your current OpenAI S0 tier.' } },
      ],
    ],
  },
  anthropic: {
    tooLong: [
      [400, LONG_CLAUDE],
      [
        400,
        anthropic(
          'invalid_request_error',
          'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
        ),
      ],
      [413, anthropic('request_too_large', 'Request exceeds the maximum size')],
    ],
    forbidden: [[400, BLOCKED_CLAUDE]],
    spent: [
      [400, anthropic('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.')],
      [400, anthropic('invalid_request_error', 'You have reached your specified API usage limits.')],
      [429, anthropic('rate_limit_error', 'Extra usage is required for long context requests.')],
    ],
    operators: [[400, anthropic('invalid_request_error', 'This organization has been disabled.')]],
    limited: [[429, anthropic('rate_limit_error', "This request would exceed your account's rate limit.")]],
    busy: [[529, anthropic('overloaded_error', 'Overloaded')]],
  },
  gemini: {
    tooLong: [
      [
        400,
        google(400, 'INVALID_ARGUMENT', 'The input token count (12) exceeds the maximum number of tokens allowed (1).'),
      ],
    ],
    forbidden: [[400, google(400, 'INVALID_ARGUMENT', 'The prompt violates our Responsible AI practices.')]],
    spent: [
      [429, google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, check your billing.', SPENT_DAY)],
      [402, google(402, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.')],
    ],
    operators: [[400, google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.')]],
    limited: [[429, google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, check your billing.')]],
    busy: [[503, google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.')]],
  },
  vertex: {
    tooLong: [
      [
        400,
        google(
          ...([400, 'INVALID_ARGUMENT'] as const),
          'Unable to submit request because the input token count is 1251952 but model only supports up to 1048576.',
        ),
      ],
    ],
    forbidden: [
      [
        400,
        google(
          400,
          'INVALID_ARGUMENT',
          'The prompt could not be submitted: it contains sensitive words that violate policy.',
        ),
      ],
    ],
    spent: [[403, google(403, 'PERMISSION_DENIED', 'This API method requires billing to be enabled.')]],
    limited: [[429, google(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted. Please try again later.')]],
  },
  'vertex/anthropic-messages': {
    tooLong: [[400, LONG_CLAUDE]],
    forbidden: [[400, BLOCKED_CLAUDE]],
    spent: [[403, google(403, 'PERMISSION_DENIED', 'This API method requires billing to be enabled.')]],
    limited: [
      [429, google(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for aiplatform.googleapis.com/online_prediction')],
    ],
  },
  bedrock: {
    tooLong: [
      aws('ValidationException', 'Input is too long for requested model.', 400),
      aws(
        'ValidationException',
        'The model returned the following errors: prompt is too long: 2 tokens > 1 maximum',
        400,
      ),
    ],
    forbidden: [aws('ValidationException', 'Output blocked by content filtering policy', 400)],
    spent: [
      aws('ThrottlingException', 'Too many tokens per day, please wait before trying again.', 429),
      aws('ServiceQuotaExceededException', 'Your request exceeds the service quota.', 400),
    ],
    operators: [
      aws('ValidationException', 'Operation not allowed', 400),
      aws('AccessDeniedException', 'User is not authorized to perform bedrock:ApplyGuardrail on arn:aws:…', 403),
    ],
    limited: [aws('ThrottlingException', 'Too many requests, please wait before trying again.', 429)],
    busy: [aws('ServiceUnavailableException', 'Bedrock is unable to process your request.', 503)],
  },
  cohere: {
    tooLong: [
      [400, { error_type: 'TOO_MANY_TOKENS', message: 'too many tokens: size limit exceeded by 25836 tokens.' }],
    ],
    forbidden: [[498, { message: 'blocked output: The generation was blocked by our filters.' }]],
    spent: [[429, { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' }]],
    operators: [[401, { message: 'invalid api token' }]],
    limited: [[429, { message: 'You are using a Trial key, which is limited to 20 API calls / minute.' }]],
  },
  deepseek: {
    tooLong: [[400, CONTEXT]],
    forbidden: [[400, openai('Content Exists Risk')]],
    spent: [[402, openai('Insufficient Balance', 'invalid_request_error', 'unknown_error')]],
    busy: [[503, openai('Service is too busy.', null, 'service_unavailable_error')]],
  },
  moonshot: {
    tooLong: [[400, openai('Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)')]],
    forbidden: [[400, openai('The request was rejected because it was considered high risk', null, 'content_filter')]],
    spent: [
      [
        429,
        openai(
          'Your account org-1 <ak-2> is suspended due to insufficient balance, please recharge your account.',
          ...([null, 'exceeded_current_quota_error'] as const),
        ),
      ],
      [403, openai('organization <org-1> exceeded current quota', null, 'exceeded_current_quota_error')],
    ],
    limited: [[429, openai('The engine is currently overloaded', null, 'engine_overloaded_error')]],
  },
  xai: {
    tooLong: [
      [
        400,
        {
          code: 'invalid-argument',
          error: "This model's maximum prompt length is 131072 but the request contains 136973.",
        },
      ],
    ],
    forbidden: [
      [
        403,
        {
          code: 'The caller does not have permission to execute the specified operation',
          error: 'Content violates usage guidelines. Team: 1234, API key ID: 5678, Failed check: SAFETY_CHECK_TYPE_BIO',
        },
      ],
    ],
    spent: [
      [
        429,
        {
          code: 'Some resource has been exhausted',
          error: 'Your team 1234 has either used all available credits or reached its monthly spending limit.',
        },
      ],
    ],
    operators: [
      [
        400,
        { code: 'invalid-argument', error: 'Incorrect API key provided. You can get one from https://console.x.ai.' },
      ],
    ],
  },
  'xai/openai-responses': {
    tooLong: [[400, { code: 'invalid-argument', error: "This model's maximum prompt length is 131072." }]],
    forbidden: [[403, { code: 'permission-denied', error: 'Content violates usage guidelines. API key ID: 5678' }]],
    spent: [[403, { code: 'permission-denied', error: 'Your team 1234 has used all available credits.' }]],
    operators: [[400, { code: 'invalid-argument', error: 'Incorrect API key provided.' }]],
  },
  mistral: {
    tooLong: [
      [
        400,
        {
          object: 'error',
          message:
            'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
          ...{ type: 'invalid_request_prompt', code: '3051' },
        },
      ],
    ],
    forbidden: [[400, { object: 'error', message: 'The input was refused by content moderation.' }]],
    spent: [[402, { detail: 'Payment required' }]],
    operators: [[401, { detail: 'Invalid API Key' }]],
    limited: [[429, { object: 'error', message: 'Requests rate limit exceeded', type: 'rate_limited', code: '1300' }]],
  },
  groq: {
    tooLong: [[400, openai('Please reduce the length of the messages or completion.', 'context_length_exceeded')]],
    forbidden: [[400, openai('The request was flagged by content moderation.', 'content_policy_violation')]],
    spent: [[400, openai('API access has been blocked: the spend limit is reached.', 'blocked_api_access')]],
    limited: [
      [429, openai('Rate limit reached for model on tokens per minute (TPM)', 'rate_limit_exceeded', 'tokens')],
    ],
    busy: [[498, openai('flex tier capacity exceeded', 'capacity_exceeded')]],
  },
  openrouter: {
    tooLong: [[400, { error: { code: 400, message: "This endpoint's maximum context length is 200000 tokens." } }]],
    forbidden: [
      [
        403,
        {
          error: {
            code: 403,
            message: 'openai/gpt-4o requires moderation on OpenAI. Your input was flagged for "violence".',
            metadata: { reasons: ['violence'], flagged_input: 'how …', provider_name: 'OpenAI', model_slug: 'gpt-4o' },
          },
        },
      ],
    ],
    spent: [
      [402, { error: { code: 402, message: 'Insufficient credits. Add more using https://openrouter.ai/credits' } }],
      [429, { error: { code: 429, message: 'Rate limit exceeded: free-models-per-day. Add 10 credits.' } }],
    ],
    limited: [[429, { error: { code: 429, message: 'Rate limit exceeded: free-models-per-min.' } }]],
  },
  together: {
    tooLong: [[422, openai('Input validation error: the input is longer than the model context length')]],
    forbidden: [[422, openai('The input was flagged by the safety model: content policy', 'content_policy_violation')]],
    spent: [[402, openai('Credit limit exceeded, please add a payment method', 'credit_limit')]],
  },
  fireworks: {
    tooLong: [[400, openai('The prompt is too long: 150000, model maximum context length: 131072')]],
    forbidden: [[400, openai('The request violates the content policy')]],
    spent: [[402, openai('Payment Required')]],
  },
  cerebras: {
    tooLong: [
      [400, { message: 'Please reduce the length of the messages or completion.', code: 'context_length_exceeded' }],
    ],
    forbidden: [[400, { message: 'The request was refused: content policy.', code: 'content_policy_violation' }]],
    spent: [[402, { message: 'Payment required', type: 'payment_required_error' }]],
    limited: [[429, { message: 'Tokens per minute limit exceeded', code: 'token_quota_exceeded' }]],
  },
  perplexity: {
    tooLong: [
      [
        400,
        {
          error: {
            message: 'The total length of all messages is too long.',
            type: 'too_many_prompt_tokens',
            code: 400,
          },
        },
      ],
    ],
    forbidden: [[400, openai('The request was refused by content moderation.')]],
    spent: [[401, { error: { message: 'You have no credits', type: 'insufficient_quota', code: 401 } }]],
  },
  cloudflare: {
    tooLong: [
      [413, cloudflare(3006, 'Request is too large')],
      [400, cloudflare(5021, 'The estimated number of tokens (9) exceeded this model context window limit (8).')],
    ],
    forbidden: [[400, openai('The request was refused by content moderation.')]],
    spent: [[429, cloudflare(3036, 'You have used up your daily free allocation of 10,000 neurons.')]],
    operators: [[400, cloudflare(5007, 'No such model @cf/x or task')]],
    limited: [[429, cloudflare(3040, 'No more data centers to forward the request to')]],
  },
  ollama: {
    tooLong: [[400, openai('prompt too long; exceeded max context length by 1119046 tokens', null, 'api_error')]],
    forbidden: [[400, openai('refused: content policy')]],
    spent: [[402, { error: 'payment required' }]],
  },
  'openai-compatible': {
    tooLong: [
      [400, openai('Range of input length should be [1, 30720]', 'invalid_parameter_error')], // Alibaba
      [400, openai('the request exceeds the available context size', null, 'exceed_context_size_error')], // llama.cpp
    ],
    forbidden: [[400, openai('Input data may contain inappropriate content.', 'data_inspection_failed')]],
    spent: [[403, openai('The free tier of the model has been exhausted.', 'AllocationQuota.FreeTierOnly')]],
  },
};

const CASES = Object.entries(VENDORS).flatMap(([vendor, told]) => {
  const means = (code: string, answers: readonly Answer[] = []) =>
    answers.map(answer => [vendor, answer[0], code, answer] as const);
  return [
    ...means('context_length_exceeded', told.tooLong),
    ...means('content_policy_violation', told.forbidden),
    ...means('upstream_error', told.spent),
    ...means('upstream_error', told.operators),
    ...means('upstream_rate_limited', told.limited),
    ...means('upstream_unavailable', told.busy),
  ];
});

/** How the named vendor's refusals are read. */
function readErrorOf(vendor: string) {
  const [name = '', protocol] = vendor.split('/') as [string, ProtocolName | undefined];
  const options = protocol === undefined ? { protocol: PROTOCOL[name] ?? 'openai-chat' } : { protocol };
  const channel = { id: 'c', options } as unknown as Channel;
  return foreignLanguage(providerNamed(name)!, channel, 'any').readError;
}

const PROTOCOL: Readonly<Record<string, ProtocolName>> = {
  ...{ anthropic: 'anthropic-messages', gemini: 'gemini', vertex: 'gemini' },
  ...{ bedrock: 'bedrock-converse', cohere: 'cohere-chat' },
};

describe('what each vendor refuses with (contract §11)', () => {
  it.each(CASES)('%s, %i is %s', (vendor, _status, code, [status, body, headers = {}]) => {
    const error = readErrorOf(vendor)(status, JSON.stringify(body), headers);
    expect(error.code).toBe(code);
    expect(error.retryable).toBe(error.status !== 400);
    // Never the vendor's words about the operator's keys and money.
    expect(error.message).not.toMatch(/api key|\bkey\b|team|organization|credit|balance|quota|billing|spend/i);
  });

  it('knows of every vendor how it says that a conversation is too long, forbidden, or not paid for', () => {
    const own = new Set(['sandbox']); // answers itself
    const missing = providers.filter(({ name }) => !own.has(name) && !VENDORS[name]);
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it.each(['deepseek', 'moonshot'])('%s says the same where it speaks to callers of Anthropic', name => {
    const readError = readErrorOf(`${name}/anthropic-messages`);
    for (const [status, body] of [...VENDORS[name]!.tooLong, ...VENDORS[name]!.forbidden, ...VENDORS[name]!.spent]) {
      const { message, type } = (body as { error: { message: string; type: string } }).error;
      const same = readErrorOf(name)(status, JSON.stringify(body), {});
      const error = readError(status, JSON.stringify(anthropic(type, message)), {});
      expect([message, error.code]).toEqual([message, same.code]);
    }
  });
});
