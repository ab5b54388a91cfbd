import { isIP } from 'node:net';
import { Client } from 'undici';
import { hostOf, type FetchPolicy } from './fetch-policy.js';
import { guardedLookup, Refused, resolveOwn, resolveStranger, type Resolve } from './resolve-host.js';

export interface ConnectOptions {
  readonly connectMs: number;
  /** Tests only: a name server, and the authority that signed the test server's certificate. */
  readonly resolve?: Resolve;
  readonly ca?: string;
}

/**
 * For one hop: nothing is shared between callers, and every hop is resolved and judged anew. Destroy it.
 * @throws Refused for a literal address; for a name its requests fail
 */
export function guardedClient(url: URL, policy: FetchPolicy, { connectMs, resolve, ca }: ConnectOptions): Client {
  const host = hostOf(url);
  const port = Number(url.port || 443);
  // A socket does not look up what is an address already.
  if (isIP(host) && !policy.permits(host, host, port)) throw new Refused(`${host}:${port} is not a public address`);
  return new Client(url.origin, {
    connect: {
      lookup: guardedLookup(policy, port, resolve ?? (policy.trusts(host) ? resolveOwn : resolveStranger)),
      autoSelectFamily: true, // the lookup gives all addresses
      rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
      timeout: connectMs,
      ...(ca === undefined ? {} : { ca }),
    },
    maxHeaderSize: 16 * 1024,
  });
}
