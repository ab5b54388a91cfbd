import { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';
import { isAbsent } from '../scalars.js';
import { isStoredPlace } from '../stored-place.js';

/**
 * Top-level fields that name an object stored at the vendor. Operators' credentials are shared by tenants, so one tenant could name
 * another's object: refused until Lazu owns the mapping from account to object (contract §4).
 */
export const STORED_OBJECT_FIELDS = [
  'previous_response_id',
  'conversation',
  'prompt',
  'container',
  'vector_store_ids',
  'file_ids',
  'file_id',
  'cached_content',
  'cachedContent',
  'assistant_id',
  'thread_id',
] as const;

/** Some upstreams match names whatever their case (Go's encoding/json): `Model` would be read there and not here. */
const GUARDED = new Set<string>([
  ...STORED_OBJECT_FIELDS.map(field => field.toLowerCase()),
  'model',
  'store',
  'n',
  'stream',
]);
const CAPITAL = /[A-Z]/;

function misspelled(field: string): LazuError {
  const message = `\`${field}\` is not a field of this request; names are in lower case.`;
  return new LazuError('unsupported_parameter', message, { param: field });
}

/** @throws LazuError `unsupported_parameter` */
export function refuseStoredObjects(body: JsonObject): void {
  for (const field of STORED_OBJECT_FIELDS) {
    const value = body[field];
    if (value !== undefined && value !== null) throw storedObject(field);
  }
  for (const field in body) if (CAPITAL.test(field) && GUARDED.has(field.toLowerCase())) throw misspelled(field);
  const voice = (body.audio as JsonObject | null | undefined)?.voice;
  if (typeof voice === 'object' && voice !== null) throw storedObject('audio.voice');
}

/** Tools that a vendor runs on what is stored there; what the caller's own functions take is theirs. */
export function refuseStoredInTools(tools: unknown): void {
  if (!Array.isArray(tools)) return;
  tools.forEach((tool: unknown, at) => {
    if (typeof tool !== 'object' || tool === null) return;
    for (const field of STORED_OBJECT_FIELDS)
      if (!isAbsent((tool as JsonObject)[field])) throw storedObject(`tools.${at}.${field}`);
  });
}

/**
 * Parts of clones of this protocol, by `image_url`, `video_url`, `document_url` and the like: a place may name a stored object, and so may
 * the part itself: https://docs.mistral.ai/api/endpoint/chat
 */
export function refuseStoredPart(part: JsonObject, type: string, path: string): void {
  if (!isAbsent(part.file_id)) throw storedObject(`${path}.file_id`);
  const place = part[type];
  if (typeof place === 'object' && place !== null) {
    const { url, file_id: id } = place as JsonObject;
    if (isStoredPlace(url)) throw storedObject(`${path}.${type}`);
    if (!isAbsent(id)) throw storedObject(`${path}.${type}.file_id`, type === 'file' ? FILE_ADVICE : undefined);
  } else if (isStoredPlace(place)) throw storedObject(`${path}.${type}`);
}

const FILE_ADVICE = 'Send it inline as `file_data`, or upload it to /v1/files and use /v1/responses.';

/** A part inside a message that names one. */
export function storedObject(param: string, advice = 'Send the content itself.'): LazuError {
  const message = `\`${param}\` names an object stored at the model provider, which a shared gateway cannot pass on. ${advice}`;
  return new LazuError('unsupported_parameter', message, { param });
}
