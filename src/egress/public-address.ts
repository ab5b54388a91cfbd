import { BlockList, isIP } from 'node:net';

/**
 * What is not the public internet, of IPv4: the special-purpose registry
 * (https://www.iana.org/assignments/iana-ipv4-special-registry), multicast, and what clouds put on public-looking addresses.
 */
const NOT_PUBLIC_V4 = subnets('ipv4', [
  '0.0.0.0/8', // this network
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier-grade NAT; Alibaba's metadata lives here
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's host agent: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  '169.254.0.0/16', // link-local: the metadata of most clouds
  '172.16.0.0/12',
  '192.0.0.0/24', // protocol assignments; Oracle's metadata lives here
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16',
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
]);

/** The one part of IPv6 that is handed out for the public internet; loopback, ULA, link-local and multicast are outside. */
const GLOBAL_V6 = subnets('ipv6', ['2000::/3']);

/** What is not public within it: https://www.iana.org/assignments/iana-ipv6-special-registry */
const NOT_PUBLIC_V6 = subnets('ipv6', [
  '2001::/23', // protocol assignments: Teredo, benchmarks, ORCHID
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address of anybody's choice
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
]);

/** An IPv6 spelling of an IPv4 address, which then decides: v4-mapped, and the well-known prefix of NAT64 (RFC 6052). */
const EMBEDS_V4 = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/** @param address as a resolver or `URL.hostname` (without brackets) gives it; what is no address is not public */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !NOT_PUBLIC_V4.check(address, 'ipv4');
    case 6:
      return isPublicV6(address);
    default:
      return false;
  }
}

/** The IPv4 address that an IPv6 one merely spells, else the address itself. */
export function plainAddress(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  const groups = groupsOf(address);
  if (!EMBEDS_V4.includes(hex(groups.slice(0, 6)))) return address;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function isPublicV6(address: string): boolean {
  if (address.includes('%')) return false; // a zone: only link-local addresses have one
  const plain = plainAddress(address);
  if (plain !== address) return isPublicAddress(plain);
  return GLOBAL_V6.check(address, 'ipv6') && !NOT_PUBLIC_V6.check(address, 'ipv6');
}

/** Eight numbers of 16 bits. `URL` has already turned a dotted tail into hex and shortened zeros to one `::`. */
function groupsOf(address: string): number[] {
  const [left, right] = new URL(`http://[${address}]/`).hostname
    .slice(1, -1)
    .split('::')
    .map(side => (side === '' ? [] : side.split(':')));
  const head = left ?? [];
  const tail = right ?? [];
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].map(group => parseInt(group, 16));
}

function hex(groups: readonly number[]): string {
  return groups.map(group => group.toString(16)).join(':');
}

function subnets(family: 'ipv4' | 'ipv6', cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}
