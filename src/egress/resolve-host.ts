import { lookup, Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import type { FetchPolicy } from './fetch-policy.js';

/** Host name in, all its addresses out; rejects or gives none when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The message is for our eyes only: what the caller is told is the same as for a host that does not exist. */
export class Refused extends Error {}

/**
 * A caller's host name is asked of the name server itself. `getaddrinfo` would hold one of the few threads that also write our journal
 * for as long as somebody's name server likes (https://nodejs.org/docs/latest-v20.x/api/dns.html#implementation-considerations).
 */
export async function resolveStranger(host: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []));
}

/** A host that the operator named may also stand in the hosts file or a search domain. */
export async function resolveOwn(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/**
 * The `lookup` of a connection: resolves, judges every address, and hands the very addresses it judged to the socket. Nothing resolves
 * again between the check and the connecting, so a name server that changes its mind (rebinding) gains nothing. One address that is not
 * permitted spoils them all: an honest host does not mix.
 */
export function guardedLookup(policy: FetchPolicy, port: number, resolve: Resolve): LookupFunction {
  return (host, _options, done) => {
    resolve(host)
      .then(addresses => {
        if (addresses.length === 0) throw new Refused(`${host} has no address`);
        if (!addresses.every(address => policy.permits(host, address, port))) {
          throw new Refused(`${host}:${port} is not a public address`);
        }
        return addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
      })
      .then(
        addresses => done(null, addresses),
        (error: Error) => done(error, []),
      );
  };
}
