import { BlockList, isIP } from 'node:net';

/** Addresses a key may be used from, compiled once per key. v4 and v6 are apart, so that `::/0` does not let v4 in. */
export class IpAllowlist {
  readonly #v4 = new BlockList();
  readonly #v6 = new BlockList();

  /** @param cidrs as `parseCidr` takes them; one that it does not take allows nothing */
  constructor(cidrs: readonly string[]) {
    for (const text of cidrs) {
      const cidr = parseCidr(text);
      if (!cidr) continue;
      const list = cidr.family === 'ipv4' ? this.#v4 : this.#v6;
      list.addSubnet(cidr.address, cidr.bits, cidr.family);
    }
  }

  /** @param ip as the socket or the trusted proxy gives it; v4-mapped v6 counts as v4 */
  allows(ip: string): boolean {
    const address = plainAddress(ip);
    return address.includes(':') ? this.#v6.check(address, 'ipv6') : this.#v4.check(address, 'ipv4');
  }
}

export interface Cidr {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** `10.0.0.0/8`, `2001:db8::/32`, a single address, or either as v4-mapped v6; undefined when it is none of these. */
export function parseCidr(text: string): Cidr | undefined {
  const [host = '', suffix, ...more] = text.split('/');
  if (more.length > 0 || host.includes('%') || (suffix !== undefined && !/^\d{1,3}$/.test(suffix))) return undefined;
  const version = isIP(host);
  if (version === 0) return undefined;
  const width = version === 4 ? 32 : 128;
  const bits = suffix === undefined ? width : Number(suffix);
  if (bits > width) return undefined;
  const address = plainAddress(host);
  if (version === 6 && isIP(address) === 4) {
    return bits < 96 ? undefined : { address, bits: bits - 96, family: 'ipv4' };
  }
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Without the zone (`fe80::1%eth0`), and as v4 when it is v4-mapped, as a dual-stack socket reports it. */
function plainAddress(ip: string): string {
  const zone = ip.indexOf('%');
  const address = (zone === -1 ? ip : ip.slice(0, zone)).toLowerCase();
  if (!address.startsWith('::ffff:')) return address;
  const tail = address.slice('::ffff:'.length);
  if (tail.includes('.')) return tail;
  const [high = '', low] = tail.split(':');
  if (low === undefined) return address;
  const bits = (parseInt(high, 16) << 16) | parseInt(low, 16);
  return [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join('.');
}
