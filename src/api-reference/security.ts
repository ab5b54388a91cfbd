import type { JsonObject } from '../protocols/protocol.js';

/** How a key may be sent (contract §2); the first that starts with `sk-lazu-` counts. */
export const securitySchemes: Readonly<Record<string, JsonObject>> = {
  callerBearer: { type: 'http', scheme: 'bearer', description: 'A caller key: `Authorization: Bearer sk-lazu-…`.' },
  callerXApiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: "As Anthropic's SDKs send it." },
  callerXGoogApiKey: { type: 'apiKey', in: 'header', name: 'x-goog-api-key', description: "As Google's SDKs send it." },
  callerQueryKey: {
    type: 'apiKey',
    in: 'query',
    name: 'key',
    description: 'Cut out of the URL before anything logs it.',
  },
  adminBearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An admin key: `Authorization: Bearer sk-lazu-admin-…`. Roles: owner, admin, viewer.',
  },
  paymentsSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'Stripe-Signature',
    description: 'Made by Stripe with the secret of the webhook endpoint.',
  },
};

export type Audience = 'caller' | 'admin' | 'payments' | 'anybody';

export function audienceOf(path: string): Audience {
  if (path.startsWith('/api/admin/')) return 'admin';
  if (path.startsWith('/api/payments/')) return 'payments';
  return /^\/(?:api|v1|v1beta)\//.test(path) ? 'caller' : 'anybody';
}

export function securityFor(audience: Audience): JsonObject[] {
  switch (audience) {
    case 'admin':
      return [{ adminBearer: [] }];
    case 'payments':
      return [{ paymentsSignature: [] }];
    case 'caller':
      return Object.keys(securitySchemes)
        .filter(name => name.startsWith('caller'))
        .map(name => ({ [name]: [] }));
    case 'anybody':
      return [];
  }
}
