import { z } from 'zod';
import { list } from './config-values.js';

/** How Stripe is reached and believed. Holds secrets. */
export interface StripeSettings {
  readonly secretKey: string;
  /** Of the webhook endpoint; two while it is rotated. */
  readonly webhookSecrets: readonly string[];
  /** Where Checkout sends a customer who has paid. */
  readonly successUrl: string;
  /** Where it sends one who goes back; undefined: there is no way back. */
  readonly cancelUrl: string | undefined;
  /** Origin. */
  readonly baseUrl: string;
}

const pageUrl = z.string().refine(isHttpUrl, 'must be an http:// or https:// URL').optional();

export const paymentVariables = {
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^[sr]k_(?:live|test)_\w+$/, 'must start with sk_live_, sk_test_, rk_live_ or rk_test_')
    .optional(),
  STRIPE_WEBHOOK_SECRET: z
    .string()
    .transform(list)
    .refine(secrets => secrets.length > 0 && secrets.every(secret => /^whsec_\S+$/.test(secret)), {
      error: 'must start with whsec_; several are divided by commas',
    })
    .optional(),
  STRIPE_SUCCESS_URL: pageUrl,
  STRIPE_CANCEL_URL: pageUrl,
  STRIPE_BASE_URL: z
    .string()
    .refine(isOrigin, 'must be an http:// or https:// URL without a path')
    .default('https://api.stripe.com'),
};

type Variables = z.infer<z.ZodObject<typeof paymentVariables>>;

/** Whoever starts payments must also hear of them. */
export function paymentsAreWhole(variables: Variables, context: z.RefinementCtx): void {
  const together = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_SUCCESS_URL'] as const;
  const given = together.filter(name => variables[name] !== undefined);
  const missing = together.find(name => variables[name] === undefined);
  if (given.length === 0 || missing === undefined) return;
  context.addIssue({ code: 'custom', path: [missing], message: `must be set too where ${given.join(' and ')} is` });
}

/** @returns undefined: no payments by card */
export function stripeSettings(variables: Variables): StripeSettings | undefined {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecrets } = variables;
  const { STRIPE_SUCCESS_URL: successUrl, STRIPE_CANCEL_URL: cancelUrl, STRIPE_BASE_URL: baseUrl } = variables;
  if (secretKey === undefined || webhookSecrets === undefined || successUrl === undefined) return undefined;
  return Object.freeze({ secretKey, webhookSecrets, successUrl, cancelUrl, baseUrl });
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isOrigin(text: string): boolean {
  if (!isHttpUrl(text)) return false;
  const { pathname, search, hash, username, password } = new URL(text);
  return pathname === '/' && `${search}${hash}${username}${password}` === '';
}
