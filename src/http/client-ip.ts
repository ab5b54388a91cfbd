import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';
import { ConfigError } from '../config.js';

export type ClientIp = (request: IncomingMessage) => string;

/**
 * Who is really calling, by `TRUST_PROXY`: `off` believes the socket only; a hop count, or addresses and CIDRs divided by commas,
 * says how far `X-Forwarded-For` is believed.
 * @throws ConfigError when the setting is none of these
 */
export function clientIp(trustProxy: string): ClientIp {
  if (trustProxy === 'off') return request => request.socket.remoteAddress ?? '';
  const hops = /^\d+$/.test(trustProxy) ? Number(trustProxy) : undefined;
  try {
    const trust =
      hops === undefined
        ? proxyAddr.compile(trustProxy.split(',').map(part => part.trim()))
        : (_address: string, distance: number) => distance < hops;
    return request => proxyAddr(request, trust);
  } catch (error) {
    throw new ConfigError('TRUST_PROXY: must be off, a hop count, or addresses and CIDRs divided by commas', {
      cause: error,
    });
  }
}
