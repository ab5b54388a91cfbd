import { BlockList, isIP } from 'node:net';
import { isPublicAddress, plainAddress } from './public-address.js';

/** Where HTTPS is served in public; other ports would make us a port scanner. */
const PUBLIC_PORTS = new Set([443, 8443]);

/** Longer than any signed URL of a bucket; what is longer carries something else out. */
const MAX_URL_LENGTH = 8192;

/** Which URLs and addresses a caller may make us fetch from; an operator's `FETCH_ALLOW` adds hosts and networks of theirs. */
export class FetchPolicy {
  readonly #hosts = new Set<string>();
  // v4 and v6 apart: Node's BlockList would let an allowed `::/0` speak for IPv4 too.
  readonly #v4 = new BlockList();
  readonly #v6 = new BlockList();

  /** @param allow host names, addresses and CIDRs, as config has checked them */
  constructor(allow: readonly string[]) {
    for (const entry of allow) {
      const [address = '', bits] = entry.split('/');
      switch (isIP(address)) {
        case 4:
          this.#v4.addSubnet(address, Number(bits ?? 32), 'ipv4');
          break;
        case 6:
          this.#v6.addSubnet(address, Number(bits ?? 128), 'ipv6');
          break;
        default:
          this.#hosts.add(plainHost(entry.toLowerCase()));
      }
    }
  }

  /** The operator named this host: it may be wherever it is. */
  trusts(host: string): boolean {
    return this.#hosts.has(plainHost(host));
  }

  /**
   * May we connect? The one judgement, made of each address at the moment of connecting.
   * @param host as in the URL (`URL.hostname`, without brackets), which has lower-cased it
   * @param address what it resolved to; the host itself if that is an address
   */
  permits(host: string, address: string, port: number): boolean {
    return (
      this.trusts(host) || this.#lists(plainAddress(address)) || (PUBLIC_PORTS.has(port) && isPublicAddress(address))
    );
  }

  #lists(address: string): boolean {
    switch (isIP(address)) {
      case 4:
        return this.#v4.check(address, 'ipv4');
      case 6:
        return !address.includes('%') && this.#v6.check(address, 'ipv6');
      default:
        return false;
    }
  }
}

/** HTTPS, and no credentials in it: they would be ours to send, and to log. Undefined: not so, or too long. */
export function fetchableUrl(text: string, base?: URL): URL | undefined {
  if (text.length > MAX_URL_LENGTH) return undefined;
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return undefined;
  url.hash = '';
  return url;
}

/** The host as resolvers and allow lists want it: no brackets around IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** `example.com.` is `example.com`. */
function plainHost(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}
