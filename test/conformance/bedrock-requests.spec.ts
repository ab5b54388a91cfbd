import { bedrockConverse } from '../../src/protocols/bedrock-converse/index.js';
import { openaiChat } from '../../src/protocols/openai-chat/index.js';
import { bedrock } from '../../src/providers/bedrock/index.js';
import fc from 'fast-check';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerAws, converseAnswer, converseFrames } from '../support/fake-bedrock.js';
import { answerJson, FakeUpstream } from '../support/fake-upstream.js';
import { describeWith, materials } from '../support/materials.js';
import { bedrockExchanges } from './support/bedrock-exchange.js';
import { representative } from './support/representative.js';
import { ServiceModel } from './support/service-model.js';

const specs = materials('specs', "validating outgoing requests by AWS's service model");
const recordings = materials('recordings', 'checking the judge of Bedrock by recorded requests');

/** One model of each kind that is written for in its own way. */
const MODELS = [
  'us.amazon.nova-2-lite-v1:0',
  'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'global.anthropic.claude-opus-4-6-v1',
  'openai.gpt-oss-120b-1:0',
  'us.meta.llama3-3-70b-instruct-v1:0',
];
const STREAM = 'ConverseStreamRequest';
const WHOLE = 'ConverseRequest';

describeWith(specs, "what goes out to Bedrock, judged by AWS's own service model", folder => {
  const model = new ServiceModel(folder, 'bedrock-runtime.service-2.json');

  describeWith(recordings, 'the judge', recorded => {
    it('takes what recorded clients sent and Bedrock took, and sees what is wrong', () => {
      const sent = bedrockExchanges(recorded).chats.filter(
        ({ api, status, sentBody }) => api === 'converse' && status === 200 && sentBody,
      );
      expect(sent.length).toBeGreaterThan(80);
      const shape = ({ url = '' }: { url: string | undefined }) => (url.endsWith('stream') ? STREAM : WHOLE);
      expect(sent.flatMap(one => model.faults(shape(one), one.sentBody))).toEqual([]);
      expect(model.faults(WHOLE, { messages: [{ role: 'user', content: [{ text: 'a', image: {} }] }] })).not.toEqual(
        [],
      );
      expect(model.faults(WHOLE, { inferenceConfig: { temperature: 2 } })).toEqual([
        '/inferenceConfig/temperature must be <= 1',
      ]);
    });
  });

  describe('over HTTP', () => {
    let lazu: TestLazu;
    let upstream: FakeUpstream;

    beforeAll(async () => {
      [upstream, lazu] = await Promise.all([FakeUpstream.start(), bootLazu()]);
      for (const name of MODELS) {
        const path = `/api/admin/models/${encodeURIComponent(name)}`;
        await lazu.admin('PUT', path, {
          vendor_id: 'asked',
          supported_endpoint_types: ['chat'],
          max_output_tokens: 64_000,
        });
        await lazu.admin('PUT', `${path}/prices/direct`, { input_per_mtok: 1, output_per_mtok: 1 });
      }
      await lazu.admin('POST', '/api/admin/channels', {
        ...{ name: 'bedrock', provider: 'bedrock', lane: 'direct', base_url: upstream.url, credential: 'key' },
        options: { protocol: 'bedrock-converse' },
        models: MODELS.map(name => ({ model: name })),
      });
      const said = converseAnswer([{ text: 'Hi' }]);
      upstream.answers((request, response) => {
        const answer = request.path.endsWith('stream') ? answerAws(converseFrames(said)) : answerJson(said);
        return answer(request, response);
      });
    }, 60_000);
    afterAll(async () => {
      await lazu.close();
      await upstream.stop();
    });

    describe.each(MODELS)('%s', name => {
      it.each(Object.entries(representative))('takes %s', async (_name, body) => {
        upstream.seen.length = 0;
        const response = await lazu.post('/v1/chat/completions', { model: name, ...body });
        const text = await response.text();
        if (upstream.seen.length === 0) {
          // What Bedrock lacks does not go out; it must not be because of a mistake of ours.
          expect([response.status, JSON.parse(text).error.code]).toEqual([400, 'unsupported_parameter']);
          return;
        }
        expect(response.status).toBe(200);
        const { path, body: sent } = upstream.last;
        expect(path).toBe(`/model/${encodeURIComponent(name)}/converse${body['stream'] ? '-stream' : ''}`);
        expect(model.faults(body['stream'] ? STREAM : WHOLE, sent)).toEqual([]);
      });
    });
  });

  it('is taken whatever callers say', () => {
    const id = fc.string({ minLength: 1, maxLength: 90 });
    const words = fc.string({ maxLength: 20, unit: 'binary' });
    const part = fc.oneof(
      words.map(text => ({ type: 'text', text, cache_control: { type: 'ephemeral', ttl: '1h' } })),
      fc
        .constantFrom('png', 'jpeg', 'gif', 'webp')
        .map(kind => ({ type: 'image_url', image_url: { url: `data:image/${kind};base64,AAAA` } })),
      fc
        .tuple(words, fc.constantFrom('application/pdf', 'text/csv', 'text/html', 'text/x-log'))
        .map(([filename, type]) => ({ type: 'file', file: { filename, file_data: `data:${type};base64,AAAA` } })),
    );
    const turn = fc.oneof(
      words.map(content => ({ role: 'system', content })),
      fc.array(part, { maxLength: 3 }).map(content => ({ role: 'user', content })),
      fc.tuple(id, words, words).map(([callId, text, input]) => ({
        ...{ role: 'assistant', content: text, reasoning_content: text },
        tool_calls: [{ id: callId, type: 'function', function: { name: 'f', arguments: input } }],
      })),
      fc.tuple(id, words).map(([callId, content]) => ({ role: 'tool', tool_call_id: callId, content })),
    );
    const tools = [
      {
        type: 'function',
        function: { name: 'f', description: '', strict: true, parameters: {} },
        cache_control: { type: 'ephemeral' },
      },
    ];
    const settings = fc.record(
      {
        tools: fc.constant(tools),
        tool_choice: fc.constantFrom('none', 'auto', 'required', { type: 'function', function: { name: 'f' } }),
        reasoning_effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
        max_tokens: fc.integer({ min: 1, max: 200_000 }),
        temperature: fc.double({ min: 0, max: 2, noNaN: true }),
        top_p: fc.double({ min: 0, max: 1, noNaN: true }),
        stop: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), fc.array(turn, { maxLength: 5 }), settings, (name, turns, asked) => {
        const messages = [...turns, { role: 'user', content: 'Go on.' }];
        const traits = { ...bedrock.modelTraits(name), maxOutputTokens: 64_000 };
        const conversation = openaiChat.readRequest({ model: name, messages, ...asked });
        const { body } = bedrockConverse.writeRequest(conversation, { model: name, stream: false, traits });
        expect(model.faults(WHOLE, body)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
