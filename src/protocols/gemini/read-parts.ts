import type { AudioBlock, Block, FileBlock, ImageBlock, ToolResultBlock } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { field, isObject, listIn, objectIn, textIn, unsupported } from './fields.js';

/** What OpenAI's dialect calls the formats of sound; others go by their subtype. */
const AUDIO_FORMATS: Readonly<Record<string, string>> = {
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/mp4': 'm4a',
  'audio/l16': 'pcm16',
};

/** Parts of what Google runs itself, in the history of a conversation: only Gemini makes sense of them. */
const OWN_PARTS = ['executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse'] as const;

/** A part that is neither call nor response: https://ai.google.dev/api/caching#Part */
export function readPart(part: JsonObject, path: string): Block {
  if (field(part, 'videoMetadata') !== undefined)
    throw unsupported(`${path}.videoMetadata`, 'is not known to this model.');
  if (field(part, 'text') !== undefined) {
    const text = textIn(part, 'text', path);
    return part.thought === true ? { type: 'reasoning', text, path } : { type: 'text', text, path };
  }
  const inline = objectIn(part, 'inlineData', path);
  if (inline) return readInline(inline, `${path}.inlineData`);
  const file = objectIn(part, 'fileData', path);
  if (file) return readFile(file, `${path}.fileData`);
  for (const name of OWN_PARTS) {
    const own = objectIn(part, name, path);
    if (own) return { type: 'opaque', sealed: { protocol: 'gemini', value: { signs: 'part', part } }, path };
  }
  throw unsupported(path, 'holds nothing that this model knows.');
}

function readInline(blob: JsonObject, path: string): ImageBlock | AudioBlock | FileBlock {
  const mediaType = textIn(blob, 'mimeType', path).toLowerCase();
  const data = textIn(blob, 'data', path).replaceAll('-', '+').replaceAll('_', '/');
  const source = { kind: 'bytes' as const, mediaType, data };
  const [kind, subtype = ''] = mediaType.split(';')[0]!.split('/');
  if (kind === 'image') return { type: 'image', source, path };
  if (kind === 'audio') return { type: 'audio', format: AUDIO_FORMATS[`audio/${subtype}`] ?? subtype, data, path };
  const name = field(blob, 'displayName');
  if (kind !== 'video') return { type: 'file', name: typeof name === 'string' ? name : undefined, source, path };
  throw unsupported(path, 'holds a video, which this model does not take.');
}

/** `readFacts` has seen that the place is a public one. */
function readFile(file: JsonObject, path: string): ImageBlock | FileBlock {
  const url = textIn(file, 'fileUri', path);
  const mimeType = field(file, 'mimeType');
  const mediaType = typeof mimeType === 'string' ? mimeType.toLowerCase() : '';
  const source = { kind: 'url' as const, url };
  if (mediaType.startsWith('image/')) return { type: 'image', source, path };
  const isDocument = mediaType === 'application/pdf' || mediaType.startsWith('text/');
  if (isDocument) return { type: 'file', name: undefined, source, path };
  throw unsupported(`${path}.mimeType`, 'must be of an image or a document for this model.');
}

/**
 * What a function gave: `output` where it says so, or the `error` that it failed with, else the whole object, as Google reads it:
 * https://ai.google.dev/api/caching#FunctionResponse
 */
export function readResponse(response: JsonObject, path: string): Pick<ToolResultBlock, 'content' | 'isError'> {
  const given = objectIn(response, 'response', path) ?? {};
  const [[name, only] = [], second] = Object.entries(given);
  const isError = second === undefined && name === 'error';
  const output = second === undefined && (isError || name === 'output') ? only : given;
  const text = typeof output === 'string' ? output : name === undefined ? '' : JSON.stringify(output);
  const media = listIn(response, 'parts', path).map((part, at): ImageBlock => {
    const here = `${path}.parts.${at}`;
    const blob = field(part, 'inlineData');
    const block = isObject(blob) ? readInline(blob, `${here}.inlineData`) : undefined;
    if (block?.type === 'image') return block;
    throw unsupported(here, 'must be an inline image for this model.');
  });
  const said = text === '' ? [] : [{ type: 'text' as const, text, path }];
  return { content: [...said, ...media], ...(isError && { isError }) };
}
