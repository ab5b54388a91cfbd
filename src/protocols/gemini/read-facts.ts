import type { CallDimension } from '../usage.js';
import type { VendorTool } from '../bounds.js';
import type { JsonObject, RequestFacts } from '../protocol.js';
import { field, isObject, listIn, missing, objectIn, outOfBounds, unsupported, wrongType } from './fields.js';
import { checkConfig } from './scalars.js';
import { refuseStoredFile, refuseStoredObjects } from './stored-objects.js';

/** https://ai.google.dev/gemini-api/docs/tokens: 258 a tile, and up to 1,120 an image for newer models */
const IMAGE_TOKENS_LIKELY = 1_120;
/** What a place holds is not known here: at most, a whole context of Gemini's; likely, a document of ten pages. */
const LINKED_TOKENS_BOUND = 1_048_576;
const LINKED_TOKENS_LIKELY = 2_580;
/** English runs at about four bytes a token, and no token is shorter than a byte. */
const BYTES_PER_TOKEN_LIKELY = 4;

/** Tools that Google runs, and the dimension that a call of each is priced in; others it bills by their tokens alone. */
const SERVER_TOOLS: Readonly<Record<string, CallDimension>> = {
  googleSearch: 'tool_web_search',
  googleSearchRetrieval: 'tool_web_search',
  enterpriseWebSearch: 'tool_web_search',
  googleMaps: 'tool_other',
  mcpServers: 'tool_other',
};

/** What is said of a request in its path and query. */
export interface Target {
  readonly model: string;
  readonly stream: boolean;
}

interface Walk {
  images: number;
  /** Files, other than images, that a URL stands for. */
  linked: number;
  /** Bytes of inline images: they are no text, and no measure of an image's tokens. */
  imageBytes: number;
  /** Bytes of other inline media: no text either. */
  mediaBytes: number;
  needs: Set<string>;
  readonly vendorTools: VendorTool[];
}

/**
 * Check what the gateway itself depends on, and read what it must know. Everything else is the upstream's to judge.
 * @param size bytes of the body
 * @throws LazuError `missing_required_parameter`, `invalid_request`, `invalid_value` or `unsupported_parameter`, with `param`
 */
export function readFacts({ model, stream }: Target, body: JsonObject, size: number): RequestFacts {
  checkModel(model, body);
  const config = checkConfig(body);
  refuseStoredObjects(body);
  refuseOtherModels(config);
  const contents = listIn(body, 'contents', '');
  if (field(body, 'contents') === undefined) throw missing('contents');
  if (contents.length === 0) throw outOfBounds('contents', '`contents` must hold at least one content.');

  const walk: Walk = { images: 0, imageBytes: 0, linked: 0, mediaBytes: 0, needs: new Set(), vendorTools: [] };
  contents.forEach((content, at) => walkContent(content, `contents.${at}`, walk));
  const system = objectIn(body, 'systemInstruction', '');
  if (system) walkContent(system, 'systemInstruction', walk);
  for (const tool of listIn(body, 'tools', '')) {
    const own = field(tool, 'functionDeclarations') === undefined ? 0 : 1;
    if (own) walk.needs.add('tools');
    const priced = Object.keys(SERVER_TOOLS).filter(name => field(tool, name) !== undefined);
    for (const name of priced) walk.vendorTools.push({ dimension: SERVER_TOOLS[name], uses: undefined });
    for (const { dimension } of walk.vendorTools) if (dimension) walk.needs.add(dimension);
    const rest = Object.keys(tool).length - own - priced.length; // code execution, pages by URL: billed by their tokens
    for (let one = 0; one < rest; one++) walk.vendorTools.push({ dimension: undefined, uses: undefined });
  }
  const modalities = field(config, 'responseModalities') as readonly string[] | undefined;
  if (modalities?.includes('AUDIO')) walk.needs.add('audio');

  const textBytes = Math.max(0, size - walk.imageBytes - walk.mediaBytes);
  const tier = field(body, 'serviceTier');
  return {
    model,
    stream,
    includeUsage: true, // Gemini's streams always say it
    n: (field(config, 'candidateCount') as number | undefined) ?? 1,
    maxOutputTokens: field(config, 'maxOutputTokens') as number | undefined,
    inputTokensBound: textBytes + walk.mediaBytes + walk.linked * LINKED_TOKENS_BOUND,
    images: walk.images,
    inputTokensEstimate:
      Math.ceil(textBytes / BYTES_PER_TOKEN_LIKELY) +
      walk.images * IMAGE_TOKENS_LIKELY +
      walk.linked * LINKED_TOKENS_LIKELY,
    serviceTier: typeof tier === 'string' ? tier.toLowerCase() : undefined,
    needs: [...walk.needs],
    vendorTools: walk.vendorTools,
  };
}

/** The path names the model; a body that names another would be answered by one and charged for the other. */
function checkModel(model: string, body: JsonObject): void {
  const named = field(body, 'model');
  if (named === undefined) return;
  if (typeof named !== 'string') throw wrongType('model', 'a string');
  if (named.replace(/^models\//, '') !== model)
    throw unsupported('model', `must be the model in the path, ${model}, or be left out.`);
}

/** Vertex can be told to choose a model itself: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1beta1/GenerationConfig */
function refuseOtherModels(config: JsonObject): void {
  for (const name of ['routingConfig', 'modelConfig', 'modelSelectionConfig'])
    if (field(config, name) !== undefined)
      throw unsupported(`generationConfig.${name}`, 'is not supported: the path names the model.');
}

function walkContent(content: JsonObject, path: string, walk: Walk): void {
  const role = field(content, 'role');
  if (role !== undefined && typeof role !== 'string') throw wrongType(`${path}.role`, 'a string');
  listIn(content, 'parts', path).forEach((part, at) => walkPart(part, `${path}.parts.${at}`, walk));
}

function walkPart(part: JsonObject, path: string, walk: Walk): void {
  refuseStoredFile(part, path);
  walkMedia(field(part, 'inlineData'), 'data', walk);
  walkMedia(field(part, 'fileData'), 'fileUri', walk);
  const response = field(part, 'functionResponse');
  if (!isObject(response)) return;
  const within = `${path}.functionResponse`;
  listIn(response, 'parts', within).forEach((one, at) => walkPart(one, `${within}.parts.${at}`, walk));
}

function walkMedia(media: unknown, place: 'data' | 'fileUri', walk: Walk): void {
  if (!isObject(media)) return;
  const mimeType = field(media, 'mimeType');
  const data = field(media, place);
  const bytes = place === 'data' && typeof data === 'string' ? data.length : 0;
  const type = typeof mimeType === 'string' ? mimeType : '';
  if (type.startsWith('image/')) {
    walk.images++;
    walk.imageBytes += bytes;
    walk.needs.add('vision');
    return;
  }
  walk.mediaBytes += bytes;
  if (place === 'fileUri') walk.linked++;
  if (type.startsWith('audio/')) walk.needs.add('audio');
}
