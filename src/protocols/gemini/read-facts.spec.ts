import { geminiInbound, geminiTokenCount } from './inbound.js';
import { isPublicFile, STORED_OBJECT_FIELDS, STORED_OBJECT_TOOLS } from './stored-objects.js';
import { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';

const target = { model: 'gemini-2.5-flash', stream: false, form: 'events', thoughts: false } as const;
const read = (body: JsonObject) => geminiInbound(target).readFacts(body, JSON.stringify(body).length);
const contents = [{ role: 'user', parts: [{ text: 'Hello' }] }];
const refusal = (body: JsonObject): Pick<LazuError, 'code' | 'param'> => {
  try {
    read(body);
  } catch (error) {
    const { code, param } = error as LazuError;
    return { code, param };
  }
  throw new Error('it was not refused');
};

it('what is counted is what was checked: one request, and no contents beside it', () => {
  const stored = [{ role: 'user', parts: [{ fileData: { fileUri: 'gs://bucket/object' } }] }];
  const counting = (body: JsonObject) => () => geminiTokenCount('gemini-2.5-flash').readFacts(body, 1);
  const refused = (param: string) => expect.objectContaining({ code: 'unsupported_parameter', param }) as Error;
  expect(counting({ contents: stored, generate_content_request: { contents } })).toThrow(refused('contents'));
  const within = 'contents.0.parts.0.fileData.fileUri';
  expect(counting({ generateContentRequest: { contents: stored } })).toThrow(refused(within));
  expect(counting({ contents: stored })).toThrow(refused(within));
  expect(counting({ generateContentRequest: { contents } })).not.toThrow();
});

describe('the facts of a request to Gemini', () => {
  it('reads what the gateway must know', () => {
    const body = {
      contents,
      generationConfig: { maxOutputTokens: 100, candidateCount: 2 },
      serviceTier: 'FLEX',
      tools: [{ functionDeclarations: [{ name: 'f' }] }, { googleSearch: {} }, { codeExecution: {} }],
    };
    expect(read(body)).toMatchObject({
      model: 'gemini-2.5-flash',
      stream: false,
      includeUsage: true,
      n: 2,
      maxOutputTokens: 100,
      serviceTier: 'flex',
      needs: ['tools', 'tool_web_search'],
    });
  });

  it('reads both of Google’s spellings, and one thing for a list of one', () => {
    const body = {
      contents: { role: 'user', parts: { inline_data: { mime_type: 'image/png', data: 'AAAA' } } },
      generation_config: { max_output_tokens: 7, candidate_count: 3 },
    };
    expect(read(body)).toMatchObject({ n: 3, maxOutputTokens: 7, needs: ['vision'] });
  });

  it('bounds what comes along: no token is shorter than a byte, but images go by their number', () => {
    const text = read({ contents });
    expect(text.inputTokensBound).toBe(JSON.stringify({ contents }).length);
    const part = { inlineData: { mimeType: 'image/png', data: 'A'.repeat(4_000) } };
    const image = read({ contents: [{ parts: [part] }] });
    expect(image).toMatchObject({ images: 1 });
    expect(image.inputTokensBound).toBeLessThan(500);
    expect(image.inputTokensEstimate).toBeLessThan(1_200);
    const film = { inlineData: { mimeType: 'video/mp4', data: 'A'.repeat(4_000) } };
    expect(read({ contents: [{ parts: [film] }] }).inputTokensBound).toBeGreaterThan(4_000);
    const linked = { fileData: { mimeType: 'application/pdf', fileUri: 'https://example.com/a.pdf' } };
    expect(read({ contents: [{ parts: [linked] }] }).inputTokensBound).toBeGreaterThan(1_000_000);
  });

  it.each([
    [{}, 'missing_required_parameter', 'contents'],
    [{ contents: [] }, 'invalid_value', 'contents'],
    [{ contents: 'Hello' }, 'invalid_request', 'contents'],
    [{ contents: [{ parts: ['Hello'] }] }, 'invalid_request', 'contents.0.parts.0'],
    [{ contents: [{ role: 7, parts: [] }] }, 'invalid_request', 'contents.0.role'],
    [{ contents, generationConfig: { temperature: 9 } }, 'invalid_value', 'generationConfig.temperature'],
    [{ contents, generation_config: { top_p: '1' } }, 'invalid_request', 'generationConfig.topP'],
    [{ contents, generationConfig: { candidateCount: 9 } }, 'invalid_value', 'generationConfig.candidateCount'],
    [{ contents, generationConfig: { stopSequences: 'x' } }, 'invalid_request', 'generationConfig.stopSequences'],
    [{ contents, generationConfig: { routingConfig: {} } }, 'unsupported_parameter', 'generationConfig.routingConfig'],
    [{ contents, model: 'models/gemini-2.5-pro' }, 'unsupported_parameter', 'model'],
  ])('%j is refused as %s, naming %s', (body, code, param) => {
    expect(refusal(body)).toEqual({ code, param });
  });

  it('takes the model in the body when it is the one in the path', () => {
    expect(read({ contents, model: 'models/gemini-2.5-flash' }).model).toBe('gemini-2.5-flash');
  });
});

describe('objects stored at Google', () => {
  const snake = (name: string) => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);

  it.each(STORED_OBJECT_FIELDS.flatMap(name => [[name, name] as const, [snake(name), name] as const]))(
    'cannot be named by `%s`',
    (spelled, param) => {
      expect(refusal({ contents, [spelled]: 'cachedContents/1' })).toEqual({ code: 'unsupported_parameter', param });
    },
  );

  it.each(STORED_OBJECT_TOOLS.flatMap(name => [[name, name] as const, [snake(name), name] as const]))(
    'cannot be searched by the tool `%s`',
    (spelled, name) => {
      const param = `tools.0.${name}`;
      expect(refusal({ contents, tools: [{ [spelled]: {} }] })).toEqual({ code: 'unsupported_parameter', param });
    },
  );

  it.each([
    'https://generativelanguage.googleapis.com/v1beta/files/abc',
    'https://generativelanguage.googleapis.com./v1beta/files/abc',
    'https://GENERATIVELANGUAGE.googleapis.com/v1beta/files/abc',
    'https://user@generativelanguage.googleapis.com/v1beta/files/abc',
    'https://generativelanguage.googleapis.com:443/v1beta/files/abc',
    'https://europe-west1-aiplatform.googleapis.com/x',
    'https://storage.cloud.google.com/bucket/object',
    'gs://bucket/object',
    'files/abc',
    'http://example.com/a.png',
    'https:/\\generativelanguage.googleapis.com/v1beta/files/abc',
    ' https://example.com/a.png',
  ])('cannot be named by the place %s', fileUri => {
    const parts = [{ text: 'What is this?' }, { file_data: { mime_type: 'image/png', file_uri: fileUri } }];
    expect(refusal({ contents: [{ parts }] })).toEqual({
      code: 'unsupported_parameter',
      param: 'contents.0.parts.1.fileData.fileUri',
    });
  });

  it.each([
    'https://example.com/a.png',
    'https://www.youtube.com/watch?v=9hE5-98ZeCg',
    'https://storage.googleapis.com/generativeai-downloads/images/scones.jpg',
    'https://googleapis.com.example.org/x',
    'https://mygoogleapis.com/x',
  ])('%s is open to anybody', uri => {
    expect(isPublicFile(uri)).toBe(true);
  });

  it('cannot be named in what a function gave', () => {
    const functionResponse = { name: 'f', response: {}, parts: [{ fileData: { fileUri: 'gs://bucket/object' } }] };
    const body = { contents: [{ parts: [{ functionResponse }] }] };
    expect(refusal(body).param).toBe('contents.0.parts.0.functionResponse.parts.0.fileData.fileUri');
  });
});
