import { InlineParts } from '../../src/dispatch/inline-parts.js';
import { Cancel } from '../../src/egress/cancel.js';
import { GuardedFetch } from '../../src/egress/guarded-fetch.js';
import { LazuError } from '../../src/errors.js';
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js';
import type { Block, Conversation } from '../../src/protocols/conversation.js';
import type { ForeignUpstream } from '../../src/protocols/protocol.js';
import { readRequest } from '../../src/protocols/openai-chat/read-request.js';
import { hasProgram } from '../support/materials.js';
import { certificateFor, type Identity, TlsSite } from '../support/tls-site.js';

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(500, 7)]);
const PDF = Buffer.from('%PDF-1.7 nothing more');
const what = 'parts that a vendor takes as bytes only';
const identity = hasProgram('openssl', what) && certificateFor('DNS:pictures.example');

const bytesOnly: ForeignUpstream = { ...anthropicMessages, mustInline: () => true };

(identity ? describe : describe.skip)(what, () => {
  let site: TlsSite;
  let guard: GuardedFetch;
  let parts: InlineParts;

  beforeAll(async () => {
    site = await TlsSite.start(identity as Identity);
    const page = (type: string, body: Buffer) => (_: unknown, response: import('node:http').ServerResponse) =>
      response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
    site.pages.set('/a.png', page('image/png', PNG));
    site.pages.set('/b.pdf', page('application/pdf', PDF));
    site.pages.set('/slow.png', () => undefined);
  });
  afterAll(() => site.stop());
  beforeEach(() => {
    site.forget();
    guard = new GuardedFetch(['127.0.0.1'], {
      totalMs: 3_000,
      ca: (identity as Identity).cert,
      resolve: () => Promise.resolve(['127.0.0.1']),
    });
    parts = new InlineParts(guard);
  });
  afterEach(() => expect(guard.memory.free).toBe(guard.memory.total));

  const url = (path: string) => `https://pictures.example:${site.port}${path}`;
  const image = (path: string) => ({ type: 'image_url', image_url: { url: url(path) } });
  const conversation = (...content: object[]): Conversation =>
    readRequest({ model: 'm', messages: [{ role: 'user', content }] });
  const sources = ({ turns }: Conversation) =>
    turns.flatMap(({ blocks }) => blocks).map((block: Block) => ('source' in block ? block.source : block.type));

  it('are fetched, each URL once, and their memory is given back when they have been sent', async () => {
    const asked = conversation(image('/a.png'), { type: 'text', text: 'and' }, image('/a.png'));
    const { conversation: inlined, release } = await parts.inline(asked, bytesOnly, new Cancel());
    const bytes = { kind: 'bytes', mediaType: 'image/png', data: PNG.toString('base64') };
    expect(sources(inlined)).toEqual([bytes, 'text', bytes]);
    expect(site.seen.map(({ path }) => path)).toEqual(['/a.png']);
    expect(guard.memory.free).toBe(guard.memory.total - PNG.length);
    release();
  });

  it('are documents where the caller said so, and stand in results of tools too', async () => {
    const file = { type: 'file', name: 'b.pdf', path: 'p', source: { kind: 'url', url: url('/b.pdf') } } as const;
    const picture = { type: 'image', path: 'q', source: { kind: 'url', url: url('/a.png') } } as const;
    const result = { type: 'tool-result', callId: 'c', path: 'r', content: [picture] } as const;
    const asked = { ...conversation(), turns: [{ role: 'user', blocks: [file, result] }] } as Conversation;
    const { conversation: inlined, release } = await parts.inline(asked, bytesOnly, new Cancel());
    release();
    const [document, answer] = inlined.turns[0]!.blocks;
    expect(document).toMatchObject({ source: { mediaType: 'application/pdf', data: PDF.toString('base64') } });
    expect(answer).toMatchObject({ content: [{ source: { mediaType: 'image/png' } }] });
  });

  it('are left to vendors that fetch them themselves', async () => {
    const asked = conversation(image('/a.png'));
    const { conversation: same } = await parts.inline(asked, anthropicMessages, new Cancel());
    expect(same).toBe(asked);
    expect(site.seen).toEqual([]);
  });

  it('end the request, and all other fetches of it, with the path of the one that failed', async () => {
    const refused = parts.inline(conversation(image('/slow.png'), image('/none.png')), bytesOnly, new Cancel());
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_value',
      param: expect.stringMatching(/^messages\.0\.content\.1/) as unknown,
    });
  });

  it('end with the caller', async () => {
    const cancel = new Cancel();
    const left = parts.inline(conversation(image('/slow.png')), bytesOnly, cancel);
    setTimeout(() => cancel.cancel(new LazuError('upstream_error', 'The caller has left.')), 50);
    await expect(left).rejects.toThrow('The caller has left.');
  });

  it('are not more than a request may have', async () => {
    const many = Array.from({ length: 33 }, (_, at) => image(`/a.png?${at}`));
    await expect(parts.inline(conversation(...many), bytesOnly, new Cancel())).rejects.toMatchObject({
      code: 'invalid_value',
      param: 'messages.0.content.32',
    });
    expect(site.seen).toEqual([]);
  });
});
