import { type ErrorCode, LazuError } from '../errors.js';
import { writeError } from '../protocols/openai-chat/write-error.js';
import type { Inbound, JsonObject } from '../protocols/protocol.js';
import { HEADERS, headersNamed } from './headers.js';
import { MEANING, statusOf } from './schemas/error.js';
import { ref } from './schemas/schema.js';
import type { Audience } from './security.js';

const COMMON: Readonly<Record<Audience, readonly ErrorCode[]>> = {
  caller: [
    'invalid_api_key',
    'token_expired',
    'token_disabled',
    'account_suspended',
    'ip_not_allowed',
    'service_unavailable',
    'internal_error',
  ],
  admin: ['invalid_api_key', 'forbidden', 'service_unavailable', 'internal_error'],
  payments: ['service_unavailable', 'internal_error'],
  anybody: [],
};

const WITH_BODY: readonly ErrorCode[] = [
  'bad_request_body',
  'missing_required_parameter',
  'invalid_request',
  'unsupported_parameter',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_value',
];

const WITH_QUERY: readonly ErrorCode[] = ['invalid_request', 'unsupported_parameter', 'invalid_value'];

/** The codes that a route of this shape may answer, besides its own. */
export function codesOf(audience: Audience, operation: JsonObject): ErrorCode[] {
  const parameters = (operation['parameters'] ?? []) as JsonObject[];
  return [
    ...COMMON[audience],
    ...(operation['requestBody'] ? WITH_BODY : []),
    ...(parameters.some(parameter => parameter['in'] === 'query') ? WITH_QUERY : []),
    ...(audience === 'admin' && parameters.some(parameter => parameter['in'] === 'path')
      ? (['not_found'] as const)
      : []),
  ];
}

/** How a route writes its errors. */
export interface Envelope {
  /** Name of its schema. */
  readonly schema: string;
  readonly write: Inbound['writeError'];
}

export const OWN_ENVELOPE: Envelope = { schema: 'Error', write: writeError };

/** One response per status, naming the codes that come with it. */
export function errorResponses(codes: readonly ErrorCode[], envelope = OWN_ENVELOPE): JsonObject {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = statusOf(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const sorted = [...byStatus].sort(([one], [other]) => one - other);
  return Object.fromEntries(sorted.map(([status, own]) => [String(status), response(status, own, envelope)]));
}

const REQUEST_ID = 'req_lazu_01M82N0SVV26C583QSEP1WYZNE';

function response(status: number, codes: readonly ErrorCode[], { schema, write }: Envelope): JsonObject {
  const example = (code: ErrorCode) => [code, { value: write(new LazuError(code, MEANING[code]), REQUEST_ID).body }];
  const headers = ['X-Lazu-Request-Id'];
  if (status === 429) headers.push('Retry-After', ...HEADERS.rateLimits);
  if (status === 503) headers.push('Retry-After');
  return {
    description: codes.map(code => `\`${code}\`: ${MEANING[code]}`).join('\n\n'),
    headers: headersNamed(headers),
    content: {
      'application/json': { schema: ref(schema), examples: Object.fromEntries(codes.map(example)) as JsonObject },
    },
  };
}
