import { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';
import { readFacts } from './read-facts.js';
import { STORED_OBJECT_FIELDS } from './stored-objects.js';

const base = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] };
const facts = (more: JsonObject = {}) => {
  const body = { ...base, ...more };
  return readFacts(body, JSON.stringify(body).length);
};
const refusal = (more: JsonObject): [string, string | null] => {
  try {
    facts(more);
  } catch (error) {
    if (error instanceof LazuError) return [error.code, error.param];
    throw error;
  }
  return ['none', null];
};

describe('the facts of a chat request', () => {
  it('reads what the gateway must know', () => {
    const read = facts({
      stream: true,
      stream_options: { include_usage: true },
      n: 2,
      max_tokens: 9,
      service_tier: 'flex',
    });
    expect(read).toMatchObject({
      model: 'gpt-4o',
      stream: true,
      includeUsage: true,
      n: 2,
      maxOutputTokens: 9,
      serviceTier: 'flex',
    });
    expect(read.inputTokensEstimate).toBeLessThan(read.inputTokensBound);
  });

  it('bounds text, sound and files by their bytes, images by their number', () => {
    const data = 'A'.repeat(4_000);
    const saying = (part: object) => facts({ messages: [{ role: 'user', content: [part] }] });
    const image = saying({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } });
    expect(image).toMatchObject({ images: 1, needs: ['vision'] });
    expect(image.inputTokensBound).toBeLessThan(500);
    const sound = saying({ type: 'input_audio', input_audio: { data, format: 'wav' } });
    expect(sound.inputTokensBound).toBeGreaterThan(4_000);
    const file = saying({ type: 'file', file: { file_data: `data:application/pdf;base64,${data}` } });
    expect(file.inputTokensBound).toBeGreaterThan(4_000);
  });

  it('prefers max_completion_tokens, and takes null for absent', () => {
    expect(facts({ max_tokens: 5, max_completion_tokens: 7 }).maxOutputTokens).toBe(7);
    expect(facts({ max_tokens: null, n: null, stream: null, temperature: null })).toMatchObject({
      n: 1,
      stream: false,
    });
  });

  it.each([
    [{ model: undefined }, 'missing_required_parameter', 'model'],
    [{ model: 7 }, 'invalid_request', 'model'],
    [{ messages: undefined }, 'missing_required_parameter', 'messages'],
    [{ messages: 'hi' }, 'invalid_request', 'messages'],
    [{ messages: [] }, 'invalid_value', 'messages'],
    [{ messages: ['hi'] }, 'invalid_request', 'messages.0'],
    [{ messages: [{ content: 'hi' }] }, 'missing_required_parameter', 'messages.0.role'],
    [{ messages: [{ role: 'user', content: [{}] }] }, 'missing_required_parameter', 'messages.0.content.0.type'],
    [{ temperature: 9 }, 'invalid_value', 'temperature'],
    [{ temperature: '1' }, 'invalid_request', 'temperature'],
    [{ n: 0 }, 'invalid_value', 'n'],
    [{ n: 9 }, 'invalid_value', 'n'],
    [{ n: 1.5 }, 'invalid_request', 'n'],
    [{ max_tokens: 0 }, 'invalid_value', 'max_tokens'],
    [{ stream: 'yes' }, 'invalid_request', 'stream'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'invalid_value', 'stop'],
    [{ stop: [1] }, 'invalid_request', 'stop'],
    [{ tools: {} }, 'invalid_request', 'tools'],
    [{ response_format: [] }, 'invalid_request', 'response_format'],
  ])('refuses %j with %s at %s', (more, code, param) => {
    expect(refusal(more as JsonObject)).toEqual([code, param]);
  });

  it.each(STORED_OBJECT_FIELDS)('refuses %s, which names an object stored at the vendor', field => {
    expect(refusal({ [field]: 'x' })).toEqual(['unsupported_parameter', field]);
  });

  it('refuses names in capitals that an upstream might read where we do not', () => {
    expect(refusal({ Model: 'dear' })).toEqual(['unsupported_parameter', 'Model']);
    expect(refusal({ Previous_Response_Id: 'x' })).toEqual(['unsupported_parameter', 'Previous_Response_Id']);
    expect(refusal({ someNewField: 1 })).toEqual(['none', null]);
  });

  it('refuses stored files, voices and earlier audio inside parts', () => {
    const file = [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }];
    expect(refusal({ messages: file })).toEqual(['unsupported_parameter', 'messages.0.content.0.file.file_id']);
    expect(refusal({ audio: { voice: { id: 'v' } } })).toEqual(['unsupported_parameter', 'audio.voice']);
    expect(refusal({ messages: [{ role: 'assistant', audio: { id: 'a' } }] })).toEqual([
      'unsupported_parameter',
      'messages.0.audio.id',
    ]);
  });

  it.each<[JsonObject, string]>([
    [{ type: 'file', file_id: '3f1c' }, 'file_id'],
    [{ type: 'image_url', image_url: { url: 'ms://file-1' } }, 'image_url'],
    [{ type: 'image_url', image_url: 'ms://file-1' }, 'image_url'],
    [{ type: 'image_url', image_url: { file_id: 'file-1' } }, 'image_url.file_id'],
    [{ type: 'video_url', video_url: { url: 'MS://file-1' } }, 'video_url'],
    [{ type: 'image_url', image_url: { url: ' gs://bucket/object' } }, 'image_url'],
    [{ type: 'audio_url', audio_url: { url: 'file:///etc/passwd' } }, 'audio_url'],
    [{ type: 'document_url', document_url: 's3://bucket/object' }, 'document_url'],
  ])('refuses what is stored where a clone would look for it: %j', (part, param) => {
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'Hi' }, part] }];
    expect(refusal({ messages })).toEqual(['unsupported_parameter', `messages.0.content.1.${param}`]);
  });

  it('takes every other place and bytes as they are', () => {
    const urls = [
      'https://example.com/a.png',
      'http://example.com/a.png',
      'data:image/png;base64,AAAA',
      'iVBORw0KGgo=',
    ];
    for (const url of urls) {
      const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
      expect(refusal({ messages })).toEqual(['none', null]);
    }
  });

  it('refuses tools that read what is stored', () => {
    const tools = [
      { type: 'function', function: { name: 'f' } },
      { type: 'file_search', vector_store_ids: ['vs_1'] },
    ];
    expect(refusal({ tools })).toEqual(['unsupported_parameter', 'tools.1.vector_store_ids']);
    expect(refusal({ tools: [{ type: 'code_interpreter', container: 'cntr_1' }] })[1]).toBe('tools.0.container');
    const own = { type: 'function', function: { name: 'f', parameters: { properties: { file_id: {} } } } };
    expect(refusal({ tools: [own] })).toEqual(['none', null]);
  });

  it('does not count an image for its bytes', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(400_000)}` } };
    const read = facts({ messages: [{ role: 'user', content: [image] }] });
    expect(read.inputTokensEstimate).toBeLessThan(2_000);
    expect(read.needs).toContain('vision');
  });
});
