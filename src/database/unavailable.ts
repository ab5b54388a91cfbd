const SOCKET_CODES = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'],
];

/** Shutdowns, start-up, too many connections: https://www.postgresql.org/docs/current/errcodes-appendix.html (class 08 too) */
const SQL_STATES = ['57P01', '57P02', '57P03', '57P05', '53300'];

/** https://www.prisma.io/docs/orm/reference/error-reference: unreachable, timed out, closed, pool timeout, transaction timeout, too many */
const PRISMA_CODES = ['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037'];

/** Kinds of @prisma/driver-adapter-utils' errors. */
const ADAPTER_KINDS = ['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections'];

const CODES = new Set([...SOCKET_CODES, ...SQL_STATES, ...PRISMA_CODES, ...ADAPTER_KINDS]);

/** pg gives these no code: https://github.com/brianc/node-postgres (pg/lib/client.js, pg-pool/index.js) */
const MESSAGES =
  /timeout exceeded when trying to connect|timeout expired|Connection terminated|Query read timeout|connection error and is not queryable|Client was closed|Cannot use a pool after calling end/;

/** Whether an error says that the database is away, rather than that it refused this query. Then 503, never 401 (trap 18). */
export function isUnavailable(error: unknown): boolean {
  return lookInto(error, 0);
}

function lookInto(error: unknown, depth: number): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { code, kind, originalCode, message, cause, errors, meta } = error as Record<string, unknown>;
  if ([code, kind, originalCode].some(name => typeof name === 'string' && (CODES.has(name) || /^08\w{3}$/.test(name))))
    return true;
  if (typeof message === 'string' && MESSAGES.test(message)) return true;
  // Prisma hides the driver's error in `meta.driverAdapterError.cause`; localhost gives one error for each of its addresses.
  const driver = (meta as Record<string, unknown> | undefined)?.['driverAdapterError'];
  return [cause, driver, ...(Array.isArray(errors) ? (errors as unknown[]) : [])].some(inner =>
    lookInto(inner, depth + 1),
  );
}
