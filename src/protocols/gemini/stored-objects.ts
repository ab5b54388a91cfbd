import { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';
import { field, isObject, listIn } from './fields.js';

/**
 * Fields that name an object stored at the vendor. Operators' credentials are shared by tenants, so one tenant could name another's
 * object: refused until Lazu owns the mapping from account to object (contract §4). Both spellings of each are found.
 */
export const STORED_OBJECT_FIELDS = [
  // https://ai.google.dev/gemini-api/docs/caching
  'cachedContent',
  // Templates in the operator's project: https://docs.cloud.google.com/model-armor/model-armor-vertex-integration
  'modelArmorConfig',
] as const;

/** Tools that read what is stored at the vendor. */
export const STORED_OBJECT_TOOLS = [
  // https://ai.google.dev/gemini-api/docs/file-search
  'fileSearch',
  // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/grounding/grounding-with-your-data
  'retrieval',
  // Search engines of the operator's: https://ai.google.dev/api/semantic-retrieval/corpora
  'semanticRetriever',
] as const;

/** Files at the vendor or in the operator's buckets: https://ai.google.dev/gemini-api/docs/files */
const PUBLIC_FILE = /^https:\/\/(?!([\w-]+\.)*(googleapis|cloud\.google)\.com\.?(?=[:/?#]|$))[\w.-]+(?=[/?#]|$)/i;
/** Whoever may read an object there may read it without a name: https://docs.cloud.google.com/storage/docs/access-public-data */
const PUBLIC_BUCKET = /^https:\/\/storage\.googleapis\.com\//i;

/** A place that anybody may read, so that nothing is gained by asking with the operator's credential. */
export const isPublicFile = (uri: string): boolean => PUBLIC_FILE.test(uri) || PUBLIC_BUCKET.test(uri);

/** @throws LazuError `unsupported_parameter` */
export function refuseStoredObjects(body: JsonObject): void {
  for (const name of STORED_OBJECT_FIELDS) if (field(body, name) !== undefined) throw storedObject(name);
  listIn(body, 'tools', '').forEach((tool, at) => {
    for (const name of STORED_OBJECT_TOOLS)
      if (field(tool, name) !== undefined) throw storedObject(`tools.${at}.${name}`);
  });
}

/** @throws LazuError `unsupported_parameter` for a part, at this path, that names a stored file */
export function refuseStoredFile(part: JsonObject, path: string): void {
  const file = field(part, 'fileData');
  if (!isObject(file)) return;
  const uri = field(file, 'fileUri');
  if (typeof uri === 'string' && isPublicFile(uri)) return;
  throw storedObject(`${path}.fileData.fileUri`, 'Send the content as `inlineData`, or a public HTTPS URL.');
}

function storedObject(param: string, advice = 'Send the content itself.'): LazuError {
  const message = `\`${param}\` names an object stored at the model provider, which a shared gateway cannot pass on. ${advice}`;
  return new LazuError('unsupported_parameter', message, { param });
}
