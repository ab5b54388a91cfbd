import type { ErrorCode, LazuError } from '../../errors.js';
import { saysForbidden, saysMisconfigured, saysSpent, saysTooLong } from '../refusal-words.js';
import { upstreamError } from '../upstream-error.js';
import { readToldError, type ToldError } from './told-error.js';

/** An upstream's refusal in OpenAI's dialect. */
export function readError(status: number, body: string, headers: Readonly<Record<string, string>>): LazuError {
  const told = readToldError(body);
  const { code, type, message, param } = told;
  const meant = meantStatus(status, told);
  return upstreamError({
    status: meant,
    label: code || type,
    // With a status for the operator come words for the operator: xAI names the team and the key.
    message: status === 403 ? '' : message,
    headers,
    isQuota: isQuota(told),
    refusal: refusal(told),
    param,
  });
}

/** What a vendor calls something else than the others do. */
export function meantStatus(status: number, told: ToldError): number {
  const said = wordsOf(told);
  if (status === 400 && saysMisconfigured(said)) return 403;
  // xAI, OpenRouter: https://openrouter.ai/docs/api-reference/errors#moderation-errors
  if (status === 403 && saysForbidden(said)) return 400;
  // https://console.groq.com/docs/flex-processing
  return status === 498 ? 503 : status;
}

/** An error object inside a stream or a 200 answer: it has no status, so its own code decides. */
export function readErrorObject(error: unknown): LazuError {
  const body = JSON.stringify({ error });
  const { code, type } = readToldError(body);
  const status = Number(code);
  if (status >= 400 && status < 600) return readError(status, body, {});
  const said = `${code} ${type}`;
  if (/rate_?limit|too_many/i.test(said)) return readError(429, body, {});
  if (/overloaded|unavailable/i.test(said)) return readError(503, body, {});
  if (/invalid_request|context_length|content_(policy|filter)/i.test(said)) return readError(400, body, {});
  return readError(500, body, {});
}

function refusal(told: ToldError): ErrorCode {
  const said = wordsOf(told);
  if (saysTooLong(said)) return 'context_length_exceeded';
  if (saysForbidden(said)) return 'content_policy_violation';
  const unsupported = /unsupported_(parameter|value)|not supported/i.test(`${told.code} ${told.message}`);
  return unsupported && told.param ? 'unsupported_parameter' : 'invalid_request';
}

/** A vendor's own quota or billing trouble is the operator's, even when it comes as 429. */
export const isQuota = (told: ToldError): boolean =>
  saysSpent(wordsOf(told)) || /exceeded your current quota/i.test(told.message);

export const wordsOf = ({ code, type, message }: ToldError): string => `${code} ${type} ${message}`;
