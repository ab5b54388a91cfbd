import type { ErrorCode, LazuError } from '../../errors.js';
import { saysForbidden, saysMisconfigured, saysSpent, saysTooLong } from '../refusal-words.js';
import { upstreamError } from '../upstream-error.js';

/** Cohere's refusal: https://docs.cohere.com/reference/errors */
export function readError(status: number, body: string, headers: Readonly<Record<string, string>>): LazuError {
  const { type, message } = toldIn(body);
  return upstreamError({
    status: meantStatus(status, message),
    label: type,
    message,
    headers,
    isQuota: isQuota(message),
    refusal: status === BLOCKED ? 'content_policy_violation' : refusal(type, message),
  });
}

/** "Invalid token": the prompt or the answer holds blocked terms. */
const BLOCKED = 498;

function meantStatus(status: number, message: string): number {
  if (status === 400 && saysMisconfigured(message)) return 403;
  return status === BLOCKED ? 400 : status;
}

function toldIn(body: string): { type: string; message: string } {
  try {
    const { error_type: type, message } = JSON.parse(body) as { error_type?: unknown; message?: unknown };
    return {
      type: typeof type === 'string' ? type : '',
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return { type: '', message: '' }; // a proxy in between speaks HTML
  }
}

/** A month's calls of a trial key, or money: the operator's. Calls per minute are a rate. */
const isQuota = (message: string): boolean =>
  saysSpent(message) || /calls \/ month|billing|payment method|exceeded your .*(quota|budget)/i.test(message);

function refusal(type: string, message: string): ErrorCode {
  const said = `${type} ${message}`;
  if (saysTooLong(said)) return 'context_length_exceeded';
  return saysForbidden(said) || /blocked|toxic/i.test(said) ? 'content_policy_violation' : 'invalid_request';
}
