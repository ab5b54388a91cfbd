import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, answerStream, chatAnswer, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';

const messages = [{ role: 'user' as const, content: 'Say hello' }];
let lazu: TestLazu;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  // Mistral gives several answers itself; DeepSeek does not.
  lazu = await bootLazu({ DEEPSEEK_API_KEY: 'x', DEEPSEEK_BASE_URL: upstream.url });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

describe('n answers from a vendor that gives one', () => {
  const said = (n: number) => ['one', 'two', 'three'].slice(0, n);

  it('makes n calls and one answer, with the sum as usage', async () => {
    upstream.answers(...said(3).map(word => answerJson(chatAnswer(word))));
    const { data, response } = await lazu.openai.chat.completions
      .create({ model: 'deepseek-chat', messages, n: 3 })
      .withResponse();
    expect(upstream.seen).toHaveLength(3);
    expect(upstream.seen.every(request => (request.body.n ?? 1) === 1)).toBe(true);
    expect(data.choices.map(choice => choice.index)).toEqual([0, 1, 2]);
    expect(data.choices.map(choice => choice.message.content).sort()).toEqual(said(3).sort());
    expect(data.usage).toEqual(usage(30, 15));
    const record = await lazu.record(response.headers.get('x-lazu-request-id'));
    expect(record.usage.dimensions).toEqual([
      { name: 'input', quantity: 30 },
      { name: 'output', quantity: 15 },
    ]);
  });

  it('interleaves streams by index, with one usage chunk and one [DONE]', async () => {
    upstream.answers(
      ...said(2).map(word => answerStream(chatFrames([word, '!'], { usage: usage(10, 5) }), { everyMs: 5 })),
    );
    const options = {
      model: 'deepseek-chat',
      messages,
      n: 2,
      stream: true,
      stream_options: { include_usage: true },
    } as const;
    const text = await (await lazu.post('/v1/chat/completions', options)).text();
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    const chunks = text
      .split('\n\n')
      .filter(frame => frame.startsWith('data: {'))
      .map(frame => JSON.parse(frame.slice(6)));
    expect(new Set(chunks.map(chunk => chunk.id)).size).toBe(1);
    const texts = [0, 1].map(index =>
      chunks
        .flatMap(chunk =>
          chunk.choices
            .filter((choice: any) => choice.index === index)
            .map((choice: any) => choice.delta.content ?? ''),
        )
        .join(''),
    );
    expect(texts.sort()).toEqual(['one!', 'two!']);
    expect(chunks.filter(chunk => chunk.choices.length === 0)).toEqual([
      expect.objectContaining({ usage: usage(20, 10) }),
    ]);
  });

  it('ends in an error when a part fails, and charges the finished parts', async () => {
    upstream.answers(answerJson(chatAnswer('one')), answerJson('', 500));
    const whole = await lazu.post('/v1/chat/completions', { model: 'deepseek-chat', messages, n: 2 });
    expect(whole.status).toBe(502);
    const record = await lazu.record(whole.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({
      status: 'failed',
      usage: {
        dimensions: [
          { name: 'input', quantity: 10 },
          { name: 'output', quantity: 5 },
        ],
      },
    });
    expect(record.billing.charge_micro_usd).toBeGreaterThan(0);

    const good = chatFrames(['one'], { usage: usage(10, 5) });
    upstream.answers(answerStream(good), answerStream(chatFrames(['two']).slice(0, 2), { everyMs: 60, then: 'cut' }));
    const streamed = await lazu.post('/v1/chat/completions', { model: 'deepseek-chat', messages, n: 2, stream: true });
    const text = await streamed.text();
    expect(text).not.toContain('[DONE]');
    expect(text).toContain('"code":"upstream_error"');
    const partly = await lazu.record(streamed.headers.get('x-lazu-request-id'));
    expect(partly.usage.dimensions).toEqual([
      { name: 'input', quantity: 10 },
      { name: 'output', quantity: 5 },
    ]);
  });

  it('charges finished parts as their vendor counts, cached input apart', async () => {
    const cached = { prompt_cache_hit_tokens: 80, prompt_cache_miss_tokens: 20 };
    upstream.answers(answerJson(chatAnswer('one', { usage: usage(100, 5, cached) })), answerJson('', 500));
    const whole = await lazu.post('/v1/chat/completions', { model: 'deepseek-chat', messages, n: 2 });
    expect(whole.status).toBe(502);
    expect((await lazu.record(whole.headers.get('x-lazu-request-id'))).usage.dimensions).toEqual([
      { name: 'input', quantity: 20 },
      { name: 'cache_read', quantity: 80 },
      { name: 'output', quantity: 5 },
    ]);
  });

  it('is in the context tier of each call, not of their sum', async () => {
    const tiers = [{ above_input_tokens: 200, input_per_mtok: 100, output_per_mtok: 100 }];
    await lazu.admin('PUT', '/api/admin/models/deepseek-flash/prices/direct', {
      input_per_mtok: 1,
      output_per_mtok: 1,
      tiers,
    });
    const ask = { model: 'deepseek-chat', messages, n: 2 };
    const charge = async (input: number, stream: boolean) => {
      const figures = { usage: usage(input, 10) };
      upstream.answers(stream ? answerStream(chatFrames(['hi'], figures)) : answerJson(chatAnswer('hi', figures)));
      const response = await lazu.post('/v1/chat/completions', { ...ask, stream });
      await response.text();
      return (await lazu.record(response.headers.get('x-lazu-request-id'))).billing.charge_micro_usd;
    };
    expect([await charge(150, false), await charge(150, true)]).toEqual([320, 320]);
    expect([await charge(201, false), await charge(201, true)]).toEqual([42_200, 42_200]);
  });

  it('counts each finished part as a call where calls cost, and no other', async () => {
    const perCall = { input_per_mtok: 0, output_per_mtok: 0, per_request: 0.01 };
    await lazu.admin('PUT', '/api/admin/models/deepseek-flash/prices/direct', perCall);
    const ask = { model: 'deepseek-chat', messages, n: 3 };
    const charged = async (requestId: string | null) => (await lazu.record(requestId)).billing.charge_micro_usd;

    upstream.answers(answerJson(chatAnswer('one')), answerJson(chatAnswer('two')), answerJson('', 500));
    const whole = await lazu.post('/v1/chat/completions', ask);
    expect(whole.status).toBe(502);
    expect(await charged(whole.headers.get('x-lazu-request-id'))).toBe(20_000);

    const good = answerStream(chatFrames(['one'], { usage: usage(10, 5) }));
    upstream.answers(good, good, answerStream(chatFrames(['two']).slice(0, 2), { everyMs: 60, then: 'cut' }));
    const streamed = await lazu.post('/v1/chat/completions', { ...ask, stream: true });
    expect(await streamed.text()).toContain('"code":"upstream_error"');
    expect(await charged(streamed.headers.get('x-lazu-request-id'))).toBe(20_000);
  });
});
