import { bootLazu, type TestLazu } from '../support/boot.js';
import {
  answerJson,
  answerStream,
  chatAnswer,
  chatFrames,
  FakeUpstream,
  neverAnswers,
  usage,
} from '../support/fake-upstream.js';
import { describeWith, materials } from '../support/materials.js';
import { representative } from './support/representative.js';
import { OpenAiSchemas } from './support/schemas.js';

const specs = materials('specs', "validating answers by OpenAI's schemas");
/** What the sandbox refuses: it neither speaks nor hears. */
const NOT_IN_THE_SANDBOX = new Set(['an answer in audio']);

describeWith(specs, "answers, judged by OpenAI's own schemas", folder => {
  const schemas = new OpenAiSchemas(folder);
  let lazu: TestLazu;
  let upstream: FakeUpstream;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    lazu = await bootLazu({
      ...{ OPENAI_API_KEY: 'x', OPENAI_BASE_URL: upstream.url },
      ...{ DEEPSEEK_API_KEY: 'x', DEEPSEEK_BASE_URL: upstream.url },
      ...{ KEEPALIVE_MS: '100', FIRST_BYTE_TIMEOUT_MS: '250' },
    });
  });
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
  });

  const post = async (body: object) => {
    const response = await lazu.post('/v1/chat/completions', body);
    return { status: response.status, text: await response.text() };
  };
  const expectAnswer = ({ status, text }: { status: number; text: string }) => {
    expect([status, schemas.faults('CreateChatCompletionResponse', JSON.parse(text))]).toEqual([200, []]);
  };
  /** Every event is a chunk, the last one the end. */
  const expectChunks = ({ status, text }: { status: number; text: string }, least = 3) => {
    expect(status).toBe(200);
    const events = text.split('\n\n').filter(event => event.startsWith('data: '));
    expect(events.pop()).toBe('data: [DONE]');
    const chunks = events.map(event => JSON.parse(event.slice('data: '.length)));
    expect(chunks.length).toBeGreaterThanOrEqual(least);
    expect(chunks.flatMap(chunk => schemas.faults('CreateChatCompletionStreamResponse', chunk))).toEqual([]);
    return chunks;
  };

  it('is a judge: it sees what is wrong', () => {
    const { id: _, ...rest } = chatAnswer('x');
    expect(schemas.faults('CreateChatCompletionResponse', rest)).toEqual([" must have required property 'id'"]);
    expect(schemas.faults('CreateChatCompletionStreamResponse', chatAnswer('x'))).not.toEqual([]);
  });

  describe('of the sandbox', () => {
    const bodies = Object.entries(representative).filter(([name]) => !NOT_IN_THE_SANDBOX.has(name));

    it.each(bodies)('%s, whole', async (_name, { stream: _, stream_options: __, ...body }) => {
      expectAnswer(await post({ model: 'lazu/sandbox', ...body }));
    });

    it.each(bodies)('%s, streamed', async (_name, body) => {
      const stream_options = { include_usage: true };
      const chunks = expectChunks(await post({ model: 'lazu/sandbox', ...body, stream: true, stream_options }));
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
      expect(chunks.slice(0, -1).every(chunk => chunk.usage === null)).toBe(true);
    });
  });

  describe('passed through, and put together of several', () => {
    const body = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] };
    const several = { ...body, model: 'deepseek-chat', n: 2 };
    const frames = chatFrames(['a', 'b'], { usage: usage(3, 2) });

    it.each([
      ['one', body],
      ['several', several],
    ])('%s, whole', async (_name, asked) => {
      upstream.answers(answerJson(chatAnswer('Hi')));
      expectAnswer(await post(asked));
    });

    it.each([
      ['one', body],
      ['several', several],
    ])('%s, streamed', async (_name, asked) => {
      upstream.answers(answerStream(frames));
      expectChunks(await post({ ...asked, stream: true }));
      expectChunks(await post({ ...asked, stream: true, stream_options: { include_usage: true } }), 4);
    });

    it('errors: before an answer, in it, and behind a silence', async () => {
      const missing = await post({ ...body, model: 'no-such' });
      expect(schemas.faults('ErrorResponse', JSON.parse(missing.text))).toEqual([]);
      upstream.answers(answerStream(frames.slice(0, 2), { then: 'cut' }));
      const cut = await post({ ...body, stream: true });
      const last = cut.text.trim().split('\n\n').at(-1)!;
      expect(schemas.faults('ErrorResponse', JSON.parse(last.slice('data: '.length)))).toEqual([]);
      upstream.answers(neverAnswers);
      const silent = await post({ ...body, stream: true });
      const [comment, error] = silent.text.trim().split('\n\n').slice(-2);
      expect([silent.status, comment]).toEqual([200, ': keep-alive']);
      expect(schemas.faults('ErrorResponse', JSON.parse(error!.slice('data: '.length)))).toEqual([]);
    });
  });

  it('of the lists of models', async () => {
    const list = await (await lazu.get('/v1/models')).json();
    expect(list.data.length).toBeGreaterThan(10);
    expect(schemas.faults('ListModelsResponse', list)).toEqual([]);
    expect(schemas.faults('Model', await (await lazu.get('/v1/models/gpt-4o')).json())).toEqual([]);
  });
});
