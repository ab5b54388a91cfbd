import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../protocols/protocol.js';
import { providers } from './index.js';
import type { Provider } from './provider.js';
import { buildRequest } from './request.js';

/** What came over the wire has no type. */
type Wire = ReturnType<typeof JSON.parse>;

const RECORDINGS = process.env.RECORDINGS_DIR ?? join(process.cwd(), '../shared/recordings');
const required = process.env.LAZU_TEST_REQUIRE === 'all';
const recorded = providers.filter(({ name }) => existsSync(join(RECORDINGS, name)));

/** What we ask for ourselves. */
const OURS = ['stream_options'];

/** Tools that a vendor runs itself cost money that no price covers, so they are refused although the vendor takes them. */
const hasServerTool = ({ tools }: Wire): boolean => (tools ?? []).some(({ type }: Wire) => type !== 'function');

(required || recorded.length > 0 ? describe : describe.skip)(`requests in the recordings (${RECORDINGS})`, () => {
  it('are there', () => expect(recorded.length).toBeGreaterThan(5));

  it.each(recorded.map(provider => [provider.name, provider] as const))(
    '%s: what the vendor took is sent as it was, nothing dropped, nothing refused',
    (_, provider) => {
      for (const { file, body } of accepted(provider)) {
        const raw = Buffer.from(JSON.stringify(body));
        const channel = { id: 'c', baseUrl: provider.baseUrl ?? 'https://host.example', credential: 'k', options: {} };
        const model = body.model as string;
        const stream = body.stream === true;
        const built = buildRequest(
          provider,
          { protocol: 'openai-chat', endpoint: 'chat', model, stream, channel },
          body,
          raw,
          { askUsage: true, headers: {} },
        );
        const sent = JSON.parse(Buffer.from(built.request.body ?? []).toString()) as JsonObject;
        const bare = (fields: JsonObject) =>
          Object.fromEntries(Object.entries(fields).filter(([field]) => !OURS.includes(field)));
        expect({ file, dropped: built.dropped, sent: bare(sent) }).toEqual({ file, dropped: [], sent: bare(body) });
      }
    },
  );
});

function accepted({ name }: Provider): { file: string; body: JsonObject }[] {
  return readdirSync(join(RECORDINGS, name)).flatMap(file => {
    const recording = JSON.parse(readFileSync(join(RECORDINGS, name, file), 'utf8'));
    return recording.exchanges.flatMap(({ request, response }: Wire) => {
      const chat = request?.body_kind === 'json' && /\/chat\/completions(?:\?|$)/.test(request.url as string);
      return chat && response.status === 200 && !hasServerTool(request.body)
        ? [{ file, body: request.body as JsonObject }]
        : [];
    });
  });
}
