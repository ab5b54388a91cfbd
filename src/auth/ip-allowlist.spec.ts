import { IpAllowlist, parseCidr } from './ip-allowlist.js';

describe('IP allowlist', () => {
  const list = new IpAllowlist(['10.0.0.0/8', '203.0.113.7', '2001:db8::/32', '::ffff:192.0.2.0/120']);

  it.each([
    '10.1.2.3',
    '::ffff:10.1.2.3',
    '::FFFF:10.1.2.3',
    '::ffff:a01:203',
    '203.0.113.7',
    '2001:db8::1',
    '2001:DB8:0:0:0:0:0:1',
    '192.0.2.9',
    '2001:db8::1%eth0',
  ])('allows %s', ip => expect(list.allows(ip)).toBe(true));

  it.each(['11.0.0.1', '::ffff:11.0.0.1', '203.0.113.8', '2001:db9::1', '192.0.3.1', '::1', '', 'nonsense'])(
    'refuses "%s"',
    ip => expect(list.allows(ip)).toBe(false),
  );

  it('keeps v4 and v6 apart: ::/0 lets no v4 in, 0.0.0.0/0 no v6', () => {
    expect(new IpAllowlist(['::/0']).allows('10.0.0.1')).toBe(false);
    expect(new IpAllowlist(['::/0']).allows('::ffff:10.0.0.1')).toBe(false);
    expect(new IpAllowlist(['0.0.0.0/0']).allows('2001:db8::1')).toBe(false);
    expect(new IpAllowlist(['0.0.0.0/0']).allows('10.0.0.1')).toBe(true);
  });

  it('an empty list allows nobody', () => expect(new IpAllowlist([]).allows('10.0.0.1')).toBe(false));

  it.each([
    ['10.0.0.0/8', { address: '10.0.0.0', bits: 8, family: 'ipv4' }],
    ['10.0.0.1', { address: '10.0.0.1', bits: 32, family: 'ipv4' }],
    ['2001:DB8::/32', { address: '2001:db8::', bits: 32, family: 'ipv6' }],
    ['::ffff:10.0.0.0/104', { address: '10.0.0.0', bits: 8, family: 'ipv4' }],
    ['::ffff:a00:0/104', { address: '10.0.0.0', bits: 8, family: 'ipv4' }],
  ])('reads %s', (text, cidr) => expect(parseCidr(text)).toEqual(cidr));

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '::/129',
    '::ffff:10.0.0.0/8',
    'fe80::1%eth0/64',
  ])('does not read "%s"', text => expect(parseCidr(text)).toBeUndefined());
});
