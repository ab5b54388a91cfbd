import { ApiError, GoogleGenAI, type GenerateContentResponse } from '@google/genai';
import { bootLazu, type TestLazu } from '../support/boot.js';
import {
  content,
  contentFrames,
  functionCall,
  geminiError,
  geminiErrorFrame,
  geminiUsage,
  said,
} from '../support/fake-gemini.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';

const MODEL = 'gemini-3-flash-preview';
const GENERATE = `/v1beta/models/${MODEL}:generateContent`;
const STREAM = `/v1beta/models/${MODEL}:streamGenerateContent`;
const hello = { contents: [{ role: 'user', parts: [{ text: 'Say hello' }] }] };
const signed = { thoughtSignature: 'c2lnbmF0dXJl' };

let lazu: TestLazu;
let google: GoogleGenAI;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({
    ...{ GEMINI_API_KEY: 'AIza-upstream', GOOGLE_GEMINI_BASE_URL: upstream.url, MAX_ATTEMPTS: '1' },
    LEAVE_GRACE_MS: '100',
  });
  google = new GoogleGenAI({ apiKey: lazu.apiKey, httpOptions: { baseUrl: lazu.url } });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const recordOf = (response: { headers: Headers }) => lazu.record(response.headers.get('x-lazu-request-id'));
const dimensionsOf = (record: any): Record<string, number> =>
  Object.fromEntries(record.usage.dimensions.map(({ name, quantity }: any) => [name, quantity]));
const chunksOf = async (stream: AsyncIterable<GenerateContentResponse>): Promise<GenerateContentResponse[]> => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
};

describe('Google’s own models, for callers in Google’s dialect', () => {
  it('get the caller’s bytes and answer with theirs', async () => {
    const answer = JSON.stringify(content([said('Hé!')], { still: { to: 'come' } }), null, 1);
    upstream.answers(answerJson(answer));
    const body = `{ "contents":[{"role":"user","parts":[{"text":"H\\u00e9 \\ud83d\\ude00 é"}]},{"role":"model","parts":[{"text":"Yes?"}]},
      {"role":"model","parts":[{"text":"?"}]},{"role":"user","parts":[{"text":"Hi"}]}],
      "safety_settings":[], "generation_config":{"top_k":1.0}, "unheard_of": {"a":1.0}}`;
    const response = await lazu.post(GENERATE, body);
    expect(upstream.last.raw.toString()).toBe(body);
    expect(upstream.last.path).toBe(GENERATE);
    expect(await response.text()).toBe(answer);
    expect(dimensionsOf(await recordOf(response))).toEqual({ input: 10, output: 5 });
  });

  it('are asked with our key, however the caller sent its own', async () => {
    upstream.answers(answerJson(content([said('Hi')])));
    for (const [query, headers] of [
      ['', { 'x-goog-api-key': lazu.apiKey, 'x-goog-user-project': 'theirs', 'x-goog-api-client': 'sdk' }],
      [`?key=${lazu.apiKey}`, {}],
      [`?alt=json&key=${lazu.apiKey}`, {}],
    ] as const) {
      const response = await fetch(`${lazu.url}${GENERATE}${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(hello),
      });
      expect(response.status).toBe(200);
      expect(upstream.last.path).toBe(GENERATE);
      expect(upstream.last.headers).toMatchObject({ 'x-goog-api-key': 'AIza-upstream' });
      expect(upstream.last.headers).not.toHaveProperty('x-goog-user-project');
      expect(JSON.stringify(upstream.last.headers)).not.toContain(lazu.apiKey);
    }
  });

  it('stream to Google’s SDK, metered as the whole answer is', async () => {
    const usageMetadata = geminiUsage(100, 20, {
      cachedContentTokenCount: 40,
      thoughtsTokenCount: 30,
      totalTokenCount: 150,
    });
    const whole = content([said('Hm.', { thought: true }), said('Hello there!', signed)], { usageMetadata });
    const frames = contentFrames(whole);
    upstream.answers(answerJson(whole), answerStream(frames), answerStream(frames));
    const first = await lazu.post(GENERATE, hello);
    const chunks = await chunksOf(await google.models.generateContentStream({ model: MODEL, contents: 'Say hello' }));
    expect(chunks.map(chunk => chunk.text ?? '').join('')).toBe('Hello there!');
    expect(upstream.last.path).toBe(`${STREAM}?alt=sse`);
    const second = await lazu.post(`${STREAM}?alt=sse`, hello);
    expect(await second.text()).toBe(frames.join(''));
    const records = [await recordOf(first), await recordOf(second)];
    for (const record of records) {
      expect(record).toMatchObject({
        status: 'completed',
        usage_source: 'provider',
        resolved_model: 'gemini-3-flash-preview-001',
      });
      expect(dimensionsOf(record)).toEqual({ input: 60, cache_read: 40, output: 50 });
    }
    expect(records[0].billing.charge_micro_usd).toBe(records[1].billing.charge_micro_usd);
  });

  it('stream as one JSON array to who does not ask for events', async () => {
    const whole = content([said('Hello there!')]);
    const frames = contentFrames(whole);
    upstream.answers(answerStream(frames), answerStream([frames[0]!], { then: 'cut' }));
    const response = await lazu.post(STREAM, hello);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual(frames.map(frame => JSON.parse(frame.replace('data: ', ''))));
    const cut = await (await lazu.post(STREAM, hello)).json();
    expect(cut).toHaveLength(2);
    expect(cut[1].error).toMatchObject({ code: 502, status: 'UNAVAILABLE' });
  });

  it('carry a conversation with tools over three turns, signatures untouched', async () => {
    const call = functionCall('c1', 'Bern', signed);
    upstream.answers(
      answerStream(contentFrames(content([call]))),
      answerStream(contentFrames(content([said('Sunny.', signed)]))),
      answerJson(content([said('You are welcome.')])),
    );
    const tools = [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: { type: 'object' } }] }];
    const chat = google.chats.create({ model: MODEL, config: { tools } });
    const [first] = await chunksOf(await chat.sendMessageStream({ message: 'Weather in Bern?' }));
    expect(first!.functionCalls).toEqual([{ name: 'weather', args: { city: 'Bern' }, id: 'c1' }]);
    const functionResponse = { id: 'c1', name: 'weather', response: { output: 'sun' } };
    await chunksOf(await chat.sendMessageStream({ message: [{ functionResponse }] }));
    expect(upstream.last.body.contents.slice(1)).toEqual([
      { role: 'model', parts: [call] },
      { role: 'user', parts: [{ functionResponse }] },
    ]);
    const last = await chat.sendMessage({ message: 'Thanks' });
    expect(last.text).toBe('You are welcome.');
    expect(JSON.stringify(upstream.last.body.contents)).toContain('"text":"ny.","thoughtSignature":"c2lnbmF0dXJl"');
  });

  it('count tokens themselves, for nothing', async () => {
    upstream.answers(answerJson({ totalTokens: 31, promptTokensDetails: [] }));
    const { totalTokens } = await google.models.countTokens({ model: MODEL, contents: 'Say hello' });
    expect(totalTokens).toBe(31);
    expect(upstream.last.path).toBe(`/v1beta/models/${MODEL}:countTokens`);
    const generateContentRequest = {
      ...hello,
      model: `models/${MODEL}`,
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
    };
    const response = await lazu.post(`/v1beta/models/${MODEL}:countTokens`, { generateContentRequest });
    expect(upstream.last.body).toEqual({ generateContentRequest });
    expect(await recordOf(response)).toMatchObject({ billing: { charge_micro_usd: 0 }, status: 'completed' });
    const stored = { generateContentRequest: { ...generateContentRequest, cachedContent: 'cachedContents/1' } };
    const refused = await lazu.post(`/v1beta/models/${MODEL}:countTokens`, stored);
    expect((await refused.json()).error.details[0].metadata).toMatchObject({ param: 'cachedContent' });
  });

  it('are listed, one by one and page by page', async () => {
    const names: (string | undefined)[] = [];
    for await (const model of await google.models.list({ config: { pageSize: 3 } })) names.push(model.name);
    expect(names).toContain(`models/${MODEL}`);
    const listed = (await lazu.openai.models.list()).data;
    expect(names).toEqual(listed.map(({ id }) => `models/${id}`));
    expect(await google.models.get({ model: MODEL })).toMatchObject({
      name: `models/${MODEL}`,
      inputTokenLimit: 1_048_576,
      supportedActions: ['generateContent', 'streamGenerateContent', 'countTokens'],
    });
  });
});

describe('what goes wrong, in Google’s envelope', () => {
  const failure = async (promise: Promise<unknown>): Promise<{ status: number; error: any }> => {
    const thrown = await promise.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(thrown instanceof ApiError)) throw new Error('no ApiError', { cause: thrown });
    return { status: thrown.status, error: JSON.parse(thrown.message).error };
  };

  it.each([
    [400, 'INVALID_ARGUMENT', 'Nonsense.', 400, 'invalid_request'],
    [
      400,
      'INVALID_ARGUMENT',
      'The input token count (9) exceeds the maximum number of tokens allowed (8).',
      400,
      'context_length_exceeded',
    ],
    [403, 'PERMISSION_DENIED', 'Secret.', 502, 'upstream_error'],
    [429, 'RESOURCE_EXHAUSTED', 'Slower.', 429, 'upstream_rate_limited'],
    [503, 'UNAVAILABLE', 'Overloaded.', 503, 'upstream_unavailable'],
  ])('a %i %s of Google’s (%s) is %i %s', async (status, name, message, expected, code) => {
    upstream.answers(answerJson(geminiError(status, name, message), status));
    const { status: seen, error } = await failure(google.models.generateContent({ model: MODEL, contents: 'x' }));
    expect(seen).toBe(expected);
    expect(error).toMatchObject({
      code: expected,
      details: [{ metadata: { code, request_id: expect.stringMatching(/^req_lazu_/) } }],
    });
    expect(JSON.stringify(error)).not.toContain('Secret');
  });

  it('says so for keys, models, bodies, methods and paths', async () => {
    const stranger = new GoogleGenAI({ apiKey: 'sk-lazu-nobody', httpOptions: { baseUrl: lazu.url } });
    const request = { model: MODEL, contents: 'x' };
    expect(await failure(stranger.models.generateContent(request))).toMatchObject({
      status: 401,
      error: { status: 'UNAUTHENTICATED' },
    });
    expect(await failure(google.models.generateContent({ ...request, model: 'nobody/knows' }))).toMatchObject({
      status: 404,
      error: { status: 'NOT_FOUND', details: [{ reason: 'MODEL_NOT_FOUND' }] },
    });
    const hot = { ...request, config: { temperature: 9 } };
    expect(await failure(google.models.generateContent(hot))).toMatchObject({
      status: 422,
      error: { details: [{ metadata: { param: 'generationConfig.temperature' } }] },
    });
    expect(await failure(google.models.get({ model: 'nobody' }))).toMatchObject({
      status: 404,
      error: { status: 'NOT_FOUND' },
    });
    expect(await (await lazu.get(GENERATE)).json()).toMatchObject({ error: { code: 405 } });
    expect(await (await lazu.post(GENERATE, '{')).json()).toMatchObject({
      error: { code: 400, details: [{ reason: 'BAD_REQUEST_BODY' }] },
    });
    expect(await (await lazu.post('/v1beta/cachedContents', {})).json()).toMatchObject({
      error: { code: 404, status: 'NOT_FOUND' },
    });
  });

  it('trap 25: a stream that breaks ends in an error that the SDK throws', async () => {
    const frames = contentFrames(content([said('Hello there!')]), { end: false });
    upstream.answers(
      answerStream(frames, { then: 'cut' }),
      answerStream(frames),
      answerStream([frames[0]!, geminiErrorFrame(503, 'UNAVAILABLE', 'Overloaded.')]),
    );
    for (const code of ['upstream_error', 'upstream_error', 'upstream_unavailable']) {
      const stream = await google.models.generateContentStream({ model: MODEL, contents: 'x' });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const chunk of stream) seen.push(chunk.text ?? '');
      })();
      await expect(reading).rejects.toThrow(code);
      expect(seen.length).toBeGreaterThan(0);
    }
  });

  it('trap 1: a caller who leaves pays for what came', async () => {
    const frames = contentFrames(content([said('Hello there, you who leave!')]), { end: false });
    upstream.answers(answerStream(frames, { then: 'hang' }));
    const abort = new AbortController();
    const response = await fetch(`${lazu.url}${STREAM}?alt=sse`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': lazu.apiKey },
      body: JSON.stringify(hello),
      signal: abort.signal,
    });
    const reader = response.body!.getReader();
    let text = '';
    while (!text.includes('leave')) text += Buffer.from((await reader.read()).value).toString();
    abort.abort();
    const record = await recordOf(response);
    expect(record).toMatchObject({
      usage_source: 'estimated',
      usage: { dimensions: [{ name: 'input', quantity: 10 }, { name: 'output' }] },
    });
    expect(upstream.last.abortedAt).toBeDefined();
  });
});
