import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';

const usage = { billed_units: { input_tokens: 8, output_tokens: 5 }, tokens: { input_tokens: 508, output_tokens: 7 } };
const weather = {
  type: 'function' as const,
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};
const frame = (event: { type: string }): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const delta = (type: string, message: object, index = 0) =>
  frame({ type, index, delta: { message } } as { type: string });

let lazu: TestLazu;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ CO_API_KEY: 'co-upstream', CO_API_URL: upstream.url, MAX_ATTEMPTS: '1' });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

describe('the official OpenAI SDK against a model of Cohere', () => {
  it('is asked as Cohere wants to be asked, and charged what it bills', async () => {
    const message = { role: 'assistant', content: [{ type: 'text', text: 'Hello!' }] };
    upstream.answers(answerJson({ id: 'c', message, finish_reason: 'COMPLETE', usage }));
    const { data, response } = await lazu.openai.chat.completions
      .create({
        model: 'command-a-03-2025',
        messages: [{ role: 'user', content: 'Say hello' }],
        max_completion_tokens: 9,
        user: 'ann',
      })
      .withResponse();
    expect([upstream.last.path, upstream.last.headers.authorization]).toEqual(['/v2/chat', 'Bearer co-upstream']);
    expect(upstream.last.body).toEqual({
      model: 'command-a-03-2025',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Say hello' }] }],
      max_tokens: 9,
      stream: false,
    });
    expect(response.headers.get('x-lazu-dropped-params')).toBe('user');
    expect(data.choices[0]).toMatchObject({ message: { content: 'Hello!' }, finish_reason: 'stop' });
    expect(data.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 5, total_tokens: 13 });
    const record = await lazu.record(response.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({
      status: 'completed',
      usage_source: 'provider',
      provider_usage: { raw_fields: usage },
    });
  });

  it('streams plans as reasoning, and calls', async () => {
    const call = { id: 'w1', type: 'function', function: { name: 'weather', arguments: '' } };
    upstream.answers(
      answerStream([
        frame({ type: 'message-start', id: 'c' } as { type: string }),
        delta('tool-plan-delta', { tool_plan: 'I will look.' }),
        delta('tool-call-start', { tool_calls: call }),
        delta('tool-call-delta', { tool_calls: { function: { arguments: '{"city":"Bern"}' } } }),
        frame({ type: 'tool-call-end' }),
        frame({ type: 'message-end', delta: { finish_reason: 'TOOL_CALL', usage } } as { type: string }),
      ]),
    );
    const stream = lazu.openai.chat.completions.stream({
      model: 'command-a-03-2025',
      messages: [{ role: 'user', content: 'Weather in Bern?' }],
      tools: [weather],
      stream_options: { include_usage: true },
    });
    let reasoning = '';
    for await (const chunk of stream) reasoning += (chunk.choices[0]?.delta as any)?.reasoning_content ?? '';
    const answer = await stream.finalChatCompletion();
    expect(reasoning).toBe('I will look.');
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ id: 'w1', function: { name: 'weather', arguments: '{"city":"Bern"}' } }] },
    });
    expect(answer.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 5 });
  });

  it('an answer that is cut, or a refusal, is an error', async () => {
    const ask = { model: 'command-a-03-2025', messages: [{ role: 'user' as const, content: 'Hi' }] };
    upstream.answers(
      answerStream([frame({ type: 'message-start' }), delta('content-delta', { content: { text: 'Half' } })]),
    );
    const read = async () => {
      for await (const _chunk of await lazu.openai.chat.completions.create({ ...ask, stream: true }));
    };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_error' });
    upstream.answers(answerJson({ id: 'e', message: 'too many tokens: size limit exceeded' }, 400));
    await expect(lazu.openai.chat.completions.create(ask)).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
    });
  });
});
