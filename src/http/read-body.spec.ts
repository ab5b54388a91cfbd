import { LazuError } from '../errors.js';
import { parseJsonObject } from './read-body.js';

const long = 'x'.repeat(9_000);
const raw = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
const refusal = (bytes: Buffer): string | undefined => {
  try {
    parseJsonObject(bytes).body();
  } catch (error) {
    return error instanceof LazuError ? error.code : String(error);
  }
  return undefined;
};

describe('parsing a request body', () => {
  it.each([
    ['small', { model: 'm', text: 'é 漢 😀' }],
    ['large and ASCII', { model: 'm', text: long }],
    [
      'large and beyond ASCII',
      { model: 'm', text: `${long}é 漢 😀`, n: 1.5, list: [true, null], escaped: '\u2028\\u00e9' },
    ],
  ])('reads a %s one as JSON.parse does', (_name, body) => {
    const parsed = parseJsonObject(raw(body));
    expect(parsed.body()).toEqual(body);
    expect(Object.keys(parsed.skim)).toEqual(Object.keys(body));
    expect(parsed.skim.model).toBe('m');
  });

  it('skims only what needs no text: a model beyond ASCII is decoded', () => {
    expect(parseJsonObject(raw({ model: 'modèle', text: long })).skim.model).toBe('modèle');
    const { skim, body } = parseJsonObject(raw({ model: 'm', stop: 'é', text: long }));
    expect([skim.stop, body().stop]).toEqual(['Ã©', 'é']);
  });

  it('refuses what is no JSON object, in small and in large, and never quotes it', () => {
    for (const padding of ['', long]) {
      expect(refusal(raw(`{"secret-text": "${padding}é", `))).toBe('bad_request_body');
      expect(refusal(raw(`["${padding}é"]`))).toBe('invalid_request');
    }
    expect(refusal(Buffer.concat([raw(`{"a":"${long}`), Buffer.from([0xc3, 0x28]), raw('"}')]))).toBe(
      'bad_request_body',
    );
    expect(() => parseJsonObject(raw('{"secret-text": oops}'))).toThrow(/^(?!.*secret-text)/);
  });
});
