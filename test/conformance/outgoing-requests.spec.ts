import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { message, messageFrames, text } from '../support/fake-anthropic.js';
import { response as responsesAnswer, responseFrames, says } from '../support/fake-responses.js';
import { answerStream, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';
import { describeWith, materials } from '../support/materials.js';
import { Channels } from './support/channels.js';
import { recordedExchanges, type Exchange } from './support/exchange.js';
import { representative } from './support/representative.js';
import { Steady, type Verdict } from './support/steady.js';

const specs = materials('specs', "validating outgoing requests by the vendors' OpenAPI files");
const recordings = materials('recordings', 'validating recorded requests on their way out');

const FRAMES = {
  chat: chatFrames(['Hi'], { usage: usage(3, 1) }),
  messages: messageFrames(message([text('Hi')])),
  responses: responseFrames(responsesAnswer([says('Hi')])),
};

/** Vendors that publish an OpenAPI file; `path` as the file has it. `own`: what is recorded at this vendor is in this language. */
const VENDORS = [
  {
    ...{ provider: 'anthropic', file: 'anthropic.openapi.json', path: '/v1/messages', model: 'claude-sonnet-4-5' },
    ...{ frames: FRAMES.messages, own: true },
  },
  {
    ...{ provider: 'openai', file: 'openai.openapi.json', path: '/chat/completions', model: 'gpt-4o' },
    ...{ frames: FRAMES.chat, own: true },
  },
  {
    ...{ provider: 'openai', file: 'openai.openapi.json', path: '/responses', model: 'gpt-5-pro' },
    ...{ frames: FRAMES.responses, own: false },
  },
  {
    ...{ provider: 'openai', file: 'open-responses.openapi.json', path: '/responses', model: 'o3-pro' },
    ...{ frames: FRAMES.responses, own: false },
  },
  {
    ...{ provider: 'mistral', file: 'mistral.openapi.yaml', path: '/v1/chat/completions' },
    ...{ model: 'mistral-large-latest', frames: FRAMES.chat, own: true },
  },
  {
    ...{ provider: 'openrouter', file: 'openrouter.openapi.yaml', path: '/chat/completions', model: 'openai/gpt-4o' },
    ...{ frames: FRAMES.chat, own: true },
  },
];

/** Stricter than the vendor: recorded as taken (`chat_audio_models_mistral_voxtral-small-latest_can_understand_audio`). */
const TAKEN_ALL_THE_SAME = new Set([
  'mistral: a question in audio',
  // A message with parts is two variants of `InputItem` at once in this file; the other file of the same protocol takes it.
  'openai.openapi.json /responses: an image',
  'openai.openapi.json /responses: an inline file',
  // The shared part of the protocol leaves it out, OpenAI's own file has it.
  'open-responses.openapi.json /responses: a JSON object',
]);

describeWith(specs, "what goes out, judged by the vendor's own OpenAPI file", folder => {
  describe.each(VENDORS)('$provider $path by $file', ({ provider, file, path, model, frames, own }) => {
    const bodies = Object.entries(representative).map(([name, body]) => exchange(name, provider, { model, ...body }));
    const all = recordings === undefined ? [] : distinct(recordedExchanges(recordings), provider);
    const recorded = own ? all : all.map(one => ({ ...one, request: { ...one.request, model } }));
    let lazu: TestLazu;
    let upstream: FakeUpstream;
    let steady: Steady;
    let channels: Channels;
    const verdicts: Verdict[] = [];

    beforeAll(async () => {
      [steady, upstream, lazu] = await Promise.all([
        Steady.start(join(folder, file)),
        FakeUpstream.start(),
        bootLazu(),
      ]);
      channels = await Channels.create(lazu, upstream.url, [...bodies, ...recorded]);
      const streamed = answerStream(frames);
      // Steady answers a stream's request with a whole answer: it is asked for its verdict only.
      upstream.answers(async (request, response) => {
        const verdict = await steady.judge(path, request.body);
        verdicts.push(verdict);
        if (request.body.stream === true && verdict.status === 200) return streamed(request, response);
        response.writeHead(verdict.status, { 'content-type': 'application/json' }).end(JSON.stringify(verdict.body));
      });
    }, 60_000);
    afterAll(async () => {
      await lazu.close();
      await upstream.stop();
      await steady.stop();
    });

    const send = async (one: Exchange) => {
      verdicts.length = 0;
      const response = await lazu.post('/v1/chat/completions', { ...one.request, model: channels.modelFor(one) });
      return { status: response.status, body: await response.text(), verdict: verdicts[0] };
    };

    it('has a specification', () => expect(existsSync(join(folder, file))).toBe(true));

    it.each(bodies.map(one => [one.name, one] as const))('takes %s', async (_name, one) => {
      const { status, body, verdict } = await send(one);
      if (verdict === undefined) {
        // What the vendor lacks does not go out; it must not be because of a mistake of ours.
        expect([status, JSON.parse(body).error.code]).toEqual([400, 'unsupported_parameter']);
        expect([provider, own]).not.toEqual(['openai', true]);
      } else if (![provider, `${file} ${path}`].some(who => TAKEN_ALL_THE_SAME.has(`${who}: ${one.name}`))) {
        expect([status, verdict.complaints]).toEqual([200, []]);
      }
    });

    it('finds no new fault in what recorded clients sent', async () => {
      const added: object[] = [];
      for (const one of recorded) {
        const { verdict } = await send(one);
        if (verdict === undefined) continue;
        const before = own ? (await steady.judge(path, one.request)).complaints : [];
        const complaints = verdict.complaints.filter(complaint => !before.includes(complaint));
        if (complaints.length > 0) added.push({ name: one.name, complaints });
      }
      expect(added).toEqual([]);
    }, 60_000);
  });
});

function exchange(name: string, provider: string, request: Record<string, any>): Exchange {
  const url = undefined;
  return { name, provider, url, request, status: 200, headers: {}, bytes: Buffer.alloc(0), streamed: false };
}

/** One of each kind of request: the same fields in the same shapes say nothing new. */
function distinct(exchanges: readonly Exchange[], provider: string): Exchange[] {
  const kinds = new Map<string, Exchange>();
  for (const one of exchanges.filter(other => other.provider === provider && other.url !== undefined)) {
    const roles = one.request['messages']?.map((message: object) => Object.keys(message).sort().join());
    kinds.set(JSON.stringify([Object.keys(one.request).sort(), [...new Set(roles)].sort()]), one);
  }
  return [...kinds.values()];
}
