/** What an upstream said went wrong, whatever shape it said it in. Empty strings: it did not say. */
export interface ToldError {
  readonly message: string;
  readonly code: string;
  readonly type: string;
  readonly param: string | null;
}

/**
 * Clones spell it `{error: {…}}`, `{error: "…"}`, `{message}`, `{detail}`, `{detail: [{msg}]}` (FastAPI), `{errors: [{…}]}` (Cloudflare),
 * `[{error}]`, or not as JSON.
 */
export function readToldError(body: string): ToldError {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { message: '', code: '', type: '', param: null };
  }
  const top = asObject(Array.isArray(json) ? json[0] : json);
  const inside: unknown = top.error ?? (Array.isArray(top.errors) ? top.errors[0] : undefined);
  const error = typeof inside === 'object' && inside !== null ? asObject(inside) : top;
  const first = Array.isArray(top.detail) ? asObject(top.detail[0]) : {};
  const message = [error.message, top.error, top.detail, first.msg].find(value => typeof value === 'string') ?? '';
  return {
    message,
    code: asText(error.code),
    type: asText(error.type),
    param: asText(error.param) || null,
  };
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
