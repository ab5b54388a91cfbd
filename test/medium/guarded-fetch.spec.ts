import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Cancel } from '../../src/egress/cancel.js';
import { GuardedFetch, type GuardedFetchOptions, type PartRequest } from '../../src/egress/guarded-fetch.js';
import type { LazuError } from '../../src/errors.js';
import { hasProgram } from '../support/materials.js';
import { certificateFor, TlsSite, type Identity, type Page } from '../support/tls-site.js';

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(5000, 7)]);
const PARAM = 'messages.0.content.1.image_url.url';
const FETCHED = { mediaType: 'image/png', bytes: PNG };
/** Stands in for the public internet, as the operator's FETCH_ALLOW. Everything else on this machine stays private. */
const PUBLIC = ['127.0.0.1'];

const serve =
  (body: string | Buffer, headers: Record<string, string> = { 'content-type': 'image/png' }): Page =>
  (_request, response) =>
    response.writeHead(200, { 'content-length': String(Buffer.byteLength(body)), ...headers }).end(body);
const redirect =
  (location: string, status = 302): Page =>
  (_request, response) =>
    response.writeHead(status, { location, 'set-cookie': 'session=1' }).end('moved');

const what = 'fetching what a URL of a caller points to';

const identity =
  hasProgram('openssl', what) && certificateFor('DNS:pictures.example', 'DNS:other.example', 'IP:127.0.0.1');

(identity ? describe : describe.skip)(what, () => {
  let site: TlsSite;
  let guard: GuardedFetch;
  /** The name server: per host its answers, one per question, the last one for all further ones. */
  let names: Map<string, string[][]>;
  let asked: string[];

  beforeAll(async () => {
    site = await TlsSite.start(identity as Identity);
  });
  afterAll(() => site.stop());

  beforeEach(() => {
    names = new Map([['pictures.example', [['127.0.0.1']]]]);
    asked = [];
    guard = build(PUBLIC);
    site.pages.clear();
    site.pages.set('/a.png', serve(PNG));
    site.forget();
  });
  afterEach(async () => {
    expect(guard.memory.free).toBe(guard.memory.total);
    for (let tries = 0; site.open > 0 && tries < 100; tries++) await sleep(10);
    expect(site.open).toBe(0);
  });

  const build = (allow: string[], options: Partial<GuardedFetchOptions> = {}) =>
    new GuardedFetch(allow, { totalMs: 3_000, connectMs: 1_000, ca: (identity as Identity).cert, resolve, ...options });
  const resolve = (host: string) => {
    asked.push(host);
    const answers = names.get(host) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer ? Promise.resolve(answer) : Promise.reject(new Error(`queryA ENOTFOUND ${host}`));
  };
  const at = (path: string, host = 'pictures.example') => `https://${host}:${site.port}${path}`;
  const fetch = (url: string, more: Partial<PartRequest> = {}) =>
    guard.fetchPart({ url, param: PARAM, accept: 'image', maxBytes: 100_000, cancel: new Cancel(), ...more });
  /** The error, after checking what every one must be. */
  const refusal = async (url: string, more: Partial<PartRequest> = {}): Promise<LazuError> => {
    const error = (await fetch(url, more).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )) as LazuError;
    expect(error).toMatchObject({ code: 'invalid_value', status: 422, param: PARAM, retryable: false });
    expect(error.message).not.toMatch(/127\.|::1|10\.|169\.|ENOTFOUND|ECONN|certificate|example/);
    return error;
  };

  it('gives the bytes and their type, and tells the server nothing about us', async () => {
    expect(await fetch(at('/a.png?signature=%2Fx#top'))).toEqual(FETCHED);
    expect(site.seen).toEqual([
      {
        path: '/a.png?signature=%2Fx',
        headers: {
          host: `pictures.example:${site.port}`,
          connection: 'keep-alive',
          accept: 'image/png, image/jpeg, image/gif, image/webp',
          'accept-encoding': 'identity',
          'user-agent': 'Lazu',
        },
      },
    ]);
  });

  it('takes PDF and audio where they are asked for, and only there', async () => {
    site.pages.set('/a.pdf', serve('%PDF-1.7 …', { 'content-type': 'application/pdf' }));
    site.pages.set('/a.mp3', serve('ID3 …', { 'content-type': 'audio/mp3' }));
    await expect(fetch(at('/a.pdf'), { accept: 'document' })).resolves.toMatchObject({ mediaType: 'application/pdf' });
    await expect(fetch(at('/a.mp3'), { accept: 'audio' })).resolves.toMatchObject({ mediaType: 'audio/mpeg' });
    await refusal(at('/a.pdf'));
    await refusal(at('/a.mp3'), { accept: 'document' });
  });

  describe('trap 38: addresses', () => {
    it.each([
      ['loopback', ['127.0.0.1']],
      ['loopback of IPv6', ['::1']],
      ['v4-mapped', ['::ffff:127.0.0.1']],
      ['metadata', ['169.254.169.254']],
      ['one private among public ones', ['93.184.215.14', '127.0.0.1']],
      ['one private after public ones of IPv6', ['2606:4700::1111', 'fd00::1']],
      ['what is no address', ['localhost']],
      ['no address', []],
    ])('a name that is %s is refused before anything connects', async (_what, addresses) => {
      guard = build([]);
      names.set('pictures.example', [addresses]);
      await refusal(at('/a.png'));
      await refusal('https://pictures.example/a.png');
      expect(asked).toEqual(['pictures.example', 'pictures.example']);
      expect(site.connections).toBe(0);
    });

    it.each([
      ['127.0.0.1'],
      ['127.1'],
      ['2130706433'],
      ['017700000001'],
      ['0177.0.0.1'],
      ['0x7f000001'],
      ['0x7f.1'],
      ['127。0。0。1'],
      ['[::1]'],
      ['[::ffff:127.0.0.1]'],
      ['[::ffff:7f00:1]'],
      ['[64:ff9b::7f00:1]'],
      ['[2002:7f00:1::]'],
      ['[fe80::1]'],
      ['0.0.0.0'],
    ])('the literal %s is refused without asking or connecting', async host => {
      guard = build([]);
      await refusal(at('/a.png', host));
      await refusal(`https://${host}/a.png`);
      expect(asked).toEqual([]);
      expect(site.connections).toBe(0);
    });

    it('a literal that the operator allows is fetched, however it is spelled', async () => {
      expect(await fetch(at('/a.png', '127.0.0.1'))).toEqual(FETCHED);
      expect(await fetch(at('/a.png', '0x7f.1'))).toEqual(FETCHED);
      expect(asked).toEqual([]);
    });

    it('a host that the operator names may be anywhere', async () => {
      guard = build(['pictures.example']);
      expect(await fetch(at('/a.png'))).toEqual(FETCHED);
      names.set('other.example', [['127.0.0.1']]);
      await refusal(at('/a.png', 'other.example'));
    });

    it('rebinding: the address that was judged is the one that is connected to', async () => {
      names.set('pictures.example', [['127.0.0.1'], ['10.0.0.1']]);
      expect(await fetch(at('/a.png'))).toEqual(FETCHED);
      expect(asked).toEqual(['pictures.example']); // nobody asked again between judging and connecting
    });

    it('rebinding: each connection is judged anew', async () => {
      names.set('pictures.example', [['127.0.0.1'], ['::ffff:10.0.0.1']]);
      site.pages.set('/again', redirect('/a.png'));
      await refusal(at('/again'));
      expect(asked).toEqual(['pictures.example', 'pictures.example']);
      expect(site.seen.map(({ path }) => path)).toEqual(['/again']);
      await refusal(at('/a.png'));
    });

    it('says the same about a refused address, an unknown host, a closed port, a bad certificate, no HTTP and silence', async () => {
      const silent = await listen(() => undefined);
      const rude = await listen(socket => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
      names.set('private.example', [['10.0.0.1']]);
      names.set('stranger.example', [['127.0.0.1']]); // not in the certificate
      site.pages.set('/reset', request => void request.socket.destroy());
      site.pages.set('/hang', () => undefined);
      site.pages.set('/inside', redirect('https://169.254.169.254/latest/meta-data/'));
      guard = build(PUBLIC, { totalMs: 400, connectMs: 200 });
      const urls = [
        at('/a.png', 'private.example'),
        at('/a.png', 'unknown.example'),
        at('/a.png', 'stranger.example'),
        at('/reset'),
        at('/hang'),
        at('/inside'),
        'https://pictures.example:1/a.png',
        'https://8.8.8.8:22/a.png',
        `https://pictures.example:${silent.port}/a.png`,
        `https://pictures.example:${rude.port}/a.png`,
      ];
      const said = new Set<string>();
      for (const url of urls) said.add((await refusal(url)).message);
      expect([...said]).toEqual([
        'The URL could not be fetched. It must answer in time, over HTTPS on port 443 or 8443, on the public internet.',
      ]);
      await Promise.all([silent.close(), rude.close()]);
    });

    it.each([['http://pictures.example/a.png'], ['https://me:secret@pictures.example/a.png'], ['not a URL']])(
      '%s is not tried',
      async url => {
        const { message } = await refusal(url);
        expect(message).toMatch(/^Use a URL that starts with https/);
        expect(message).not.toContain('secret');
        expect(asked).toEqual([]);
      },
    );
  });

  describe('trap 38: redirects', () => {
    it.each([301, 302, 303, 307, 308])('%d is followed, without the cookie it set', async status => {
      names.set('other.example', [['127.0.0.1']]);
      site.pages.set('/1', redirect('/2', status));
      site.pages.set('/2', redirect(at('/3', 'other.example'), status));
      site.pages.set('/3', redirect('a.png', status));
      expect(await fetch(at('/1'))).toEqual(FETCHED);
      expect(asked).toEqual(['pictures.example', 'pictures.example', 'other.example', 'other.example']);
      expect(site.seen.some(({ headers }) => 'cookie' in headers || 'referer' in headers)).toBe(false);
    });

    it('the fourth is not, nor a loop', async () => {
      for (const step of [1, 2, 3]) site.pages.set(`/${step}`, redirect(`/${step + 1}`));
      site.pages.set('/4', redirect('/a.png'));
      site.pages.set('/loop', redirect('/loop'));
      expect((await refusal(at('/1'))).message).toMatch(/^The URL redirects more than 3 times/);
      expect(site.seen.map(({ path }) => path)).toEqual(['/1', '/2', '/3', '/4']);
      await refusal(at('/loop'));
      expect(site.seen).toHaveLength(8);
    });

    it.each([
      ['http://pictures.example/a.png'],
      ['file:///etc/passwd'],
      ['data:image/png;base64,iVBORw0KGgo='],
      ['//user:password@pictures.example/a.png'],
      ['https://[nonsense/'],
    ])('to %s: not followed', async location => {
      site.pages.set('/1', redirect(location));
      expect((await refusal(at('/1'))).message).toMatch(/^The URL redirects/);
      expect(site.seen).toHaveLength(1);
    });

    it.each([
      ['https://10.0.0.1/'],
      ['https://[::1]/'],
      ['https://2852039166/'],
      ['//private.example/'],
      ['//0x7f.2/'],
    ])('to %s: not followed', async location => {
      names.set('private.example', [['192.168.0.1']]);
      site.pages.set('/1', redirect(location));
      expect((await refusal(at('/1'))).message).toMatch(/^The URL could not be fetched/);
      expect(site.seen).toHaveLength(1);
    });
  });

  describe('trap 38: sizes', () => {
    it('a declared size above the cap is refused before the body is read', async () => {
      let sent = 0;
      site.pages.set('/large', (_request, response) => {
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': '1000000000' });
        sent = pour(response, 1_000_000_000);
      });
      expect((await refusal(at('/large'))).message).toBe('The file behind the URL is larger than 100000 bytes.');
      expect(sent).toBeLessThan(5_000_000);
    });

    it('the cap itself still fits, declared or not', async () => {
      const full = Buffer.concat([PNG, Buffer.alloc(100_000 - PNG.length)]);
      site.pages.set('/full', serve(full));
      site.pages.set('/chunked', (_request, response) => {
        response.writeHead(200, { 'content-type': 'image/png' });
        response.write(full.subarray(0, 3));
        setTimeout(() => response.end(full.subarray(3)), 20);
      });
      expect((await fetch(at('/full'))).bytes.equals(full)).toBe(true);
      expect((await fetch(at('/chunked'))).bytes.equals(full)).toBe(true);
      await refusal(at('/full'), { maxBytes: 99_999 });
      await refusal(at('/chunked'), { maxBytes: 99_999 });
    });

    it('an endless body is cut at the cap', async () => {
      let stopped = false;
      site.pages.set('/endless', (_request, response) => {
        response.writeHead(200, { 'content-type': 'image/png' });
        const timer = setInterval(() => response.write(Buffer.alloc(10_000)), 1);
        response.on('close', () => {
          clearInterval(timer);
          stopped = true;
        });
      });
      expect((await refusal(at('/endless'))).message).toMatch(/larger than 100000 bytes/);
      for (let tries = 0; !stopped && tries < 100; tries++) await sleep(10);
      expect(stopped).toBe(true);
    });

    it('a body that is shorter than declared is no file', async () => {
      site.pages.set('/short', (_request, response) => {
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': '9000' });
        response.write(PNG, () => response.destroy());
      });
      expect((await refusal(at('/short'))).message).toMatch(/^The URL could not be fetched/);
    });

    it.each([['5, 5'], ['5\r\ncontent-length: 5'], ['5\r\ncontent-length: 6'], ['-1'], ['0x10'], ['1e9']])(
      'content-length: %j is no answer, and harms no budget',
      async length => {
        site.pages.set('/odd-length', request => {
          const head = `HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: ${length}\r\n\r\n`;
          request.socket.end(Buffer.concat([Buffer.from(head), PNG]));
        });
        await refusal(at('/odd-length'));
        expect(guard.memory.free).toBe(guard.memory.total);
      },
    );

    it('compressed content is refused unread: no bombs', async () => {
      const bomb = gzipSync(Buffer.alloc(10_000_000));
      site.pages.set('/bomb', serve(bomb, { 'content-type': 'image/png', 'content-encoding': 'gzip' }));
      site.pages.set('/brotli', serve(PNG, { 'content-type': 'image/png', 'content-encoding': 'identity, br' }));
      site.pages.set('/secret-bomb', serve(bomb));
      site.pages.set('/identity', serve(PNG, { 'content-type': 'image/png', 'content-encoding': 'Identity' }));
      expect((await refusal(at('/bomb'))).message).toMatch(/compressed/);
      expect((await refusal(at('/brotli'))).message).toMatch(/compressed/);
      expect((await refusal(at('/secret-bomb'))).message).toMatch(/^The URL must serve image\/png/);
      expect(await fetch(at('/identity'))).toEqual(FETCHED);
    });

    it('headers without end are refused', async () => {
      site.pages.set('/headers', (_request, response) =>
        response.writeHead(200, { 'content-type': 'image/png', 'x-large': 'x'.repeat(20_000) }).end(PNG),
      );
      await refusal(at('/headers'));
    });
  });

  describe('trap 38: types', () => {
    it.each([
      ['text/html', '<html></html>'],
      ['application/json', '{"AccessKeyId":"ASIA"}'],
      ['image/svg+xml', '<svg/>'],
      ['image/png', '<html>says it is a PNG</html>'],
      ['image/jpeg', PNG],
      ['application/octet-stream', '{"AccessKeyId":"ASIA"}'],
      ['image/png', ''],
    ])('%s with other bytes is refused', async (contentType, body) => {
      site.pages.set('/odd', serve(body, { 'content-type': contentType }));
      const { message } = await refusal(at('/odd'));
      expect(message).toMatch(/^The URL must serve image\/png, image\/jpeg, image\/gif, image\/webp;/);
      expect(message).not.toContain('ASIA');
    });

    it('without a telling header the bytes decide', async () => {
      site.pages.set('/bucket', serve(PNG, { 'content-type': 'binary/octet-stream' }));
      site.pages.set('/bare', serve(PNG, {}));
      expect(await fetch(at('/bucket'))).toEqual(FETCHED);
      expect(await fetch(at('/bare'))).toEqual(FETCHED);
    });

    it.each([201, 204, 206, 304, 403, 404, 500])('status %d is no file, and its body is not read', async status => {
      site.pages.set('/status', (_request, response) =>
        response.writeHead(status, { 'content-type': 'image/png' }).end(),
      );
      expect((await refusal(at('/status'))).message).toBe(`The URL answered with status ${status} instead of 200.`);
    });
  });

  describe('trap 38: time', () => {
    const drip: Page = (_request, response) => {
      response.writeHead(200, { 'content-type': 'image/png' });
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    };

    it.each<[string, () => void]>([
      ['a body that drips', () => site.pages.set('/slow', drip)],
      ['a head that never comes', () => site.pages.set('/slow', () => undefined)],
      [
        'redirects that take their time',
        () =>
          site.pages.set('/slow', (request, response) => void setTimeout(redirect('/slow'), 120, request, response)),
      ],
      ['a name server that never answers', () => names.set('pictures.example', [])],
    ])('%s is over after the total time', async (what, arrange) => {
      const never = what.startsWith('a name') ? { resolve: () => new Promise<string[]>(() => undefined) } : {};
      guard = build(PUBLIC, { totalMs: 300, connectMs: 2_000, ...never });
      arrange();
      const started = performance.now();
      await refusal(at('/slow'));
      const took = performance.now() - started;
      expect(took).toBeGreaterThan(280);
      expect(took).toBeLessThan(1_500);
    });

    it('cancelling ends it at once, with the reason of who cancelled', async () => {
      site.pages.set('/slow', drip);
      const cancel = new Cancel();
      const fetched = fetch(at('/slow'), { cancel });
      setTimeout(() => cancel.cancel(new Error('the caller left')), 150);
      const started = performance.now();
      await expect(fetched).rejects.toThrow('the caller left');
      expect(performance.now() - started).toBeLessThan(1_000);
    });

    it('what is cancelled already is not begun', async () => {
      const cancel = new Cancel();
      cancel.cancel(new Error('the caller left'));
      await expect(fetch(at('/a.png'), { cancel })).rejects.toThrow('the caller left');
      expect(asked).toEqual([]);
    });
  });

  describe('trap 38: memory', () => {
    /** Sends the head, then the body when told. */
    const held = (path: string) => {
      let go: () => void = () => undefined;
      const told = new Promise<void>(resolve => (go = resolve));
      site.pages.set(path, (_request, response) => {
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': String(PNG.length) });
        response.flushHeaders();
        void told.then(() => response.end(PNG));
      });
      return go;
    };
    const untilFree = async (bytes: number) => {
      for (let tries = 0; guard.memory.free !== bytes && tries < 200; tries++) await sleep(10);
      expect(guard.memory.free).toBe(bytes);
    };

    it('all requests share it: who finds none waits, then goes on', async () => {
      guard = build(PUBLIC, { memoryBytes: 9_000 });
      const go = held('/held');
      const first = fetch(at('/held'));
      await untilFree(9_000 - PNG.length);
      const second = fetch(at('/a.png'));
      await sleep(50);
      go();
      expect(await first).toEqual(FETCHED);
      expect(await second).toEqual(FETCHED);
    });

    it('who finds none in time is told to try again', async () => {
      guard = build(PUBLIC, { memoryBytes: 9_000, memoryWaitMs: 100 });
      const go = held('/held');
      const first = fetch(at('/held'));
      await untilFree(9_000 - PNG.length);
      await expect(fetch(at('/a.png'))).rejects.toMatchObject({
        code: 'service_unavailable',
        status: 503,
        retryAfter: 5,
      });
      go();
      expect(await first).toEqual(FETCHED);
      expect(await fetch(at('/a.png'))).toEqual(FETCHED);
    });

    it('without a declared size the cap is set aside; what did not come is given back', async () => {
      guard = build(PUBLIC, { memoryBytes: 200_000 });
      site.pages.set('/chunked', (_request, response) => {
        response.writeHead(200, { 'content-type': 'image/png' });
        response.write(PNG.subarray(0, 100));
        setTimeout(() => response.end(PNG.subarray(100)), 100);
      });
      const hold = guard.memory.open();
      const fetched = fetch(at('/chunked'), { hold });
      await untilFree(100_000);
      expect(await fetched).toEqual(FETCHED);
      expect(guard.memory.free).toBe(200_000 - PNG.length); // kept, as the request still has it
      hold.release();
    });

    it('a request with a hold keeps what it fetched, and nothing of what failed', async () => {
      guard = build(PUBLIC, { memoryBytes: 50_000 });
      site.pages.set('/odd', serve(Buffer.alloc(3_000)));
      const hold = guard.memory.open();
      await fetch(at('/a.png'), { hold });
      await fetch(at('/a.png'), { hold });
      await refusal(at('/odd'), { hold });
      expect(guard.memory.free).toBe(50_000 - 2 * PNG.length);
      hold.release();
      expect(guard.memory.free).toBe(50_000);
    });

    it('what is larger than all of it is too large', async () => {
      guard = build(PUBLIC, { memoryBytes: 1_000 });
      expect((await refusal(at('/a.png'))).message).toBe('The file behind the URL is larger than 1000 bytes.');
    });

    it('comes back from a hundred fetches that end in every way', async () => {
      guard = build(PUBLIC, { memoryBytes: 60_000, memoryWaitMs: 200, totalMs: 600 });
      held('/never');
      site.pages.set('/odd', serve('odd'));
      const ways = ['/a.png', '/odd', '/never', '/missing', '/a.png'];
      const all = Array.from({ length: 100 }, async (_, index) => {
        const cancel = new Cancel();
        if (index % 7 === 0) setTimeout(() => cancel.cancel(new Error('left')), index);
        return fetch(at(ways[index % ways.length]!), { cancel });
      });
      const results = await Promise.allSettled(all);
      expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    });
  });
});

/** Writes without end until the other side is gone or `bytes` were written. Gives how much was buffered at once. */
function pour(response: Parameters<Page>[1], bytes: number): number {
  let sent = 0;
  while (sent < bytes && response.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024;
  return sent;
}

/** A bare TCP server on loopback. */
async function listen(
  onSocket: Parameters<typeof createServer>[1] & {},
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<{ destroy(): unknown }>();
  const server: Server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
