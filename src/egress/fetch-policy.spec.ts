import { fetchableUrl, FetchPolicy, hostOf } from './fetch-policy.js';

describe('trap 38: which URLs may be fetched at all', () => {
  it.each([
    ['http://example.com/a.png'],
    ['ftp://example.com/a.png'],
    ['file:///etc/passwd'],
    ['data:image/png;base64,AAAA'],
    ['gopher://example.com'],
    ['javascript:1'],
    ['blob:https://example.com/1'],
    ['//example.com/a.png'],
    ['/a.png'],
    [''],
    ['https://'],
    ['https://user@example.com/'],
    ['https://user:password@example.com/'],
    ['https://:password@example.com/'],
    ['https://public.example@169.254.169.254/'],
    ['https://example.com:99999/'],
    ['https://256.256.256.256/'],
    ['https://1.2.3.4.5/'],
    ['https://[fe80::1%25eth0]/'],
    ['https://[::1/'],
    ['https://exa mple.com/'],
    [`https://example.com/${'a'.repeat(9000)}`],
  ])('%.60s may not', text => {
    expect(fetchableUrl(text)).toBeUndefined();
  });

  it('drops the fragment and follows relative redirects by the same rules', () => {
    const base = fetchableUrl('https://example.com/a/b.png?c#d');
    expect(base?.href).toBe('https://example.com/a/b.png?c');
    expect(fetchableUrl('../e.png', base)?.href).toBe('https://example.com/e.png');
    expect(fetchableUrl('//other.example/f', base)?.href).toBe('https://other.example/f');
    expect(fetchableUrl('http://example.com/', base)).toBeUndefined();
    expect(fetchableUrl('//user@example.com/', base)).toBeUndefined();
  });
});

describe('trap 38: where a connection may go', () => {
  /** As a host that is an address is judged before connecting. */
  const permitsLiteral = (policy: FetchPolicy, text: string) => {
    const url = fetchableUrl(text)!;
    return policy.permits(hostOf(url), hostOf(url), Number(url.port || 443));
  };
  const strict = new FetchPolicy([]);

  it.each([
    ['https://127.0.0.1/'],
    ['https://127.1/'],
    ['https://127.0.1/'],
    ['https://127.0.0.1./'],
    ['https://2130706433/'],
    ['https://017700000001/'],
    ['https://0177.0.0.1/'],
    ['https://0x7f000001/'],
    ['https://0x7f.0.0.0x1/'],
    ['https://0X7F.1/'],
    ['https://0/'],
    ['https://0x/'],
    ['https://2852039166/'],
    ['https://0xa9fea9fe/'],
    ['https://0251.0376.0251.0376/'],
    ['https://127%2E0%2E0%2E1/'],
    ['https://127。0。0。1/'],
    ['https://①②⑦.0.0.1/'],
    ['https://[::1]/'],
    ['https://[0:0:0:0:0:0:0:1]/'],
    ['https://[::]/'],
    ['https://[::ffff:127.0.0.1]/'],
    ['https://[::ffff:a9fe:a9fe]/'],
    ['https://[64:ff9b::10.0.0.1]/'],
    ['https://[2002:a00:1::]/'],
    ['https://[fe80::1]/'],
    ['https://[fd00:ec2::254]/'],
    ['https://10.1.2.3:8443/'],
    ['https://8.8.8.8:22/'],
    ['https://[2606:4700::1111]:6379/'],
  ])('not to %s', text => {
    expect(permitsLiteral(strict, text)).toBe(false);
  });

  it.each([['https://8.8.8.8/'], ['https://134744072/'], ['https://8.8.8.8:8443/'], ['https://[2606:4700::1111]/']])(
    'to %s',
    text => {
      expect(permitsLiteral(strict, text)).toBe(true);
    },
  );

  it('not to a name that is no address', () => {
    expect(strict.permits('localhost', 'localhost', 443)).toBe(false);
    expect(strict.permits('example.com', '', 443)).toBe(false);
  });

  it('FETCH_ALLOW opens just what it names, on every port', () => {
    const policy = new FetchPolicy(['10.1.0.0/16', '192.168.7.7', 'fd12::/16', 'Bucket.Internal']);
    expect(policy.permits('a.example', '10.1.2.3', 9000)).toBe(true);
    expect(policy.permits('a.example', '::ffff:10.1.2.3', 9000)).toBe(true);
    expect(policy.permits('a.example', '10.2.0.1', 443)).toBe(false);
    expect(policy.permits('a.example', '192.168.7.7', 443)).toBe(true);
    expect(policy.permits('a.example', '192.168.7.8', 443)).toBe(false);
    expect(policy.permits('a.example', 'fd12::1', 443)).toBe(true);
    expect(policy.permits('a.example', 'fd12::1%eth0', 443)).toBe(false);
    expect(policy.permits('a.example', 'fd13::1', 443)).toBe(false);
    expect(policy.permits('bucket.internal.', '10.9.9.9', 9000)).toBe(true);
    expect(policy.permits('evil-bucket.internal', '10.9.9.9', 9000)).toBe(false);
    expect(policy.permits('bucket.internal.example', '10.9.9.9', 9000)).toBe(false);
  });

  it('a network of IPv6, however wide, says nothing about IPv4', () => {
    const policy = new FetchPolicy(['::/0']);
    expect(policy.permits('a.example', '::1', 443)).toBe(true);
    expect(policy.permits('a.example', '127.0.0.1', 443)).toBe(false);
    expect(policy.permits('a.example', '::ffff:127.0.0.1', 443)).toBe(false);
  });
});
