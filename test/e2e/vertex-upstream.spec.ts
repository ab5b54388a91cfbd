import Anthropic from '@anthropic-ai/sdk';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { message, messageFrames, text } from '../support/fake-anthropic.js';
import { content, contentFrames, functionCall, said } from '../support/fake-gemini.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';
import { ACCESS_TOKEN, fakeGoogleSignIn, SERVICE_ACCOUNT } from '../support/google-sign-in.js';

const hello = [{ role: 'user' as const, content: 'Say hello' }];
const MODELS = '/projects/my-project/locations/eu/publishers';

let lazu: TestLazu;
let upstream: FakeUpstream;
let anthropic: Anthropic;
let signOut: () => void;

beforeAll(async () => {
  signOut = fakeGoogleSignIn();
  upstream = await FakeUpstream.start();
  lazu = await bootLazu();
  anthropic = new Anthropic({ apiKey: lazu.apiKey, baseURL: lazu.url, maxRetries: 0 });
  await lazu.admin('POST', '/api/admin/channels', {
    ...{ name: 'vertex', provider: 'vertex', lane: 'direct', base_url: upstream.url },
    credential: { service_account: SERVICE_ACCOUNT, project: 'my-project', location: 'eu' },
    models: [
      { model: 'gemini-3.8-flash' },
      { model: 'claude-sonnet-4-5-20250929', upstream_model: 'claude-sonnet-4-5@20250929' },
    ],
  });
});
afterAll(async () => {
  signOut();
  await lazu.close();
  await upstream.stop();
});

describe('Vertex AI', () => {
  it.each([true, false])("serves Google's models to the OpenAI SDK, streamed: %s", async stream => {
    const whole = content([said('Hello!')]);
    upstream.answers(stream ? answerStream(contentFrames(whole)) : answerJson(whole));
    const request = { model: 'gemini-3.8-flash', messages: hello };
    const answer = stream
      ? await lazu.openai.chat.completions.stream(request).finalChatCompletion()
      : await lazu.openai.chat.completions.create(request);
    expect(answer.choices[0]!.message.content).toBe('Hello!');
    const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
    expect(upstream.last.path).toBe(`/v1beta1${MODELS}/google/models/gemini-3.8-flash:${method}`);
    expect(upstream.last.headers).toMatchObject({ authorization: `Bearer ${ACCESS_TOKEN}` });
    expect(upstream.last.body).toEqual({ contents: [{ role: 'user', parts: [said('Say hello')] }] });
  });

  it.each([true, false])("serves Anthropic's models to the OpenAI SDK, streamed: %s", async stream => {
    const whole = message([text('Hello!')]);
    upstream.answers(stream ? answerStream(messageFrames(whole)) : answerJson(whole));
    const request = { model: 'claude-sonnet-4-5', messages: hello };
    const answer = stream
      ? await lazu.openai.chat.completions.stream(request).finalChatCompletion()
      : await lazu.openai.chat.completions.create(request);
    expect(answer.choices[0]!.message.content).toBe('Hello!');
    const method = stream ? 'streamRawPredict' : 'rawPredict';
    expect(upstream.last.path).toBe(`/v1${MODELS}/anthropic/models/claude-sonnet-4-5%4020250929:${method}`);
    expect(upstream.last.headers).toMatchObject({ authorization: `Bearer ${ACCESS_TOKEN}` });
    expect(upstream.last.headers).not.toHaveProperty('x-api-key');
    expect(upstream.last.body).toEqual({
      anthropic_version: 'vertex-2023-10-16',
      max_tokens: 64_000,
      messages: [{ role: 'user', content: [text('Say hello')] }],
      ...(stream && { stream }),
    });
  });

  it("serves Anthropic's models to Anthropic's SDK as they answer, and counts their tokens there", async () => {
    const whole = message([text('Hello!')]);
    upstream.answers(answerJson(whole));
    const request = { model: 'claude-sonnet-4-5', messages: hello };
    const answer = await anthropic.messages.create({ ...request, max_tokens: 9 });
    expect(answer.content).toEqual(whole.content);
    expect(upstream.last.body).toEqual({
      ...{ anthropic_version: 'vertex-2023-10-16', max_tokens: 9, messages: hello },
    });
    upstream.answers(answerJson({ input_tokens: 11 }));
    expect(await anthropic.messages.countTokens(request)).toEqual({ input_tokens: 11 });
    expect(upstream.last.path).toBe(`/v1${MODELS}/anthropic/models/count-tokens:rawPredict`);
    expect(upstream.last.body).toMatchObject({ model: 'claude-sonnet-4-5@20250929', messages: hello });
  });

  it.each([true, false])("trap 32: Anthropic's SDK brings thought signatures home, streamed: %s", async stream => {
    const signed = { thoughtSignature: 'c2lnbmF0dXJl' };
    const calls = [functionCall('call_1', 'Rome', signed), functionCall('call_2', 'Oslo')];
    const whole = content([said('Hm.', { thought: true }), said('I look.'), ...calls]);
    upstream.answers(stream ? answerStream(contentFrames(whole)) : answerJson(whole));
    const request = {
      ...{ model: 'gemini-3.8-flash', max_tokens: 4_096, thinking: { type: 'enabled' as const, budget_tokens: 1_024 } },
      tools: [{ name: 'weather', input_schema: { type: 'object' as const } }],
    };
    const answer = stream
      ? await anthropic.messages.stream({ ...request, messages: hello }).finalMessage()
      : await anthropic.messages.create({ ...request, messages: hello });
    expect(answer.content.filter(({ type }) => type === 'tool_use')).toMatchObject([
      { id: 'call_1', name: 'weather', input: { city: 'Rome' } },
      { id: 'call_2', name: 'weather', input: { city: 'Oslo' } },
    ]);
    upstream.answers(answerJson(content([said('Fine.')])));
    await anthropic.messages.create({
      ...request,
      messages: [
        ...hello,
        { role: 'assistant', content: answer.content },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1', content: 'Sun' },
            { type: 'tool_result', tool_use_id: 'call_2', content: 'Snow' },
          ],
        },
      ],
    });
    expect(upstream.last.body.contents[1].parts).toEqual([said('I look.'), ...calls]);
  });

  it('a channel without a project is not saved', async () => {
    const saved = lazu.admin('POST', '/api/admin/channels', {
      ...{ name: 'no project', provider: 'vertex', lane: 'direct', models: [{ model: 'gemini-3.8-flash' }] },
      credential: { location: 'eu' },
    });
    await expect(saved).rejects.toThrow(/credential\.project/);
  });
});
