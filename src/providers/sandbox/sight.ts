import { type Picture, pictureIn } from './image.js';
import type { SandboxRequest } from './request.js';

/** One thing in the conversation that is not text. */
export interface Sighting {
  readonly words: string;
  /** Input tokens that OpenAI would count for it. */
  readonly tokens: number;
}

/** Everything the user sent that is not text, in order, each in words that a test can match. */
export function sightings({ messages }: SandboxRequest): Sighting[] {
  return messages.flatMap(({ content }) => {
    if (!Array.isArray(content)) return [];
    return content.flatMap(part => {
      switch (part.type) {
        case 'image_url':
          return [image(part.image_url?.url ?? '')];
        case 'input_audio':
          return [{ words: `audio (${part.input_audio?.format ?? 'unknown format'})`, tokens: 0 }];
        case 'file':
          return [{ words: `a file (${part.file?.filename ?? 'without a name'})`, tokens: 0 }];
        default:
          return [];
      }
    });
  });
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.+-]+)*?;base64,/;

function image(url: string): Sighting {
  const head = DATA_URL.exec(url.slice(0, 200));
  // Nothing is fetched here: the sandbox has no network.
  if (!head) return { words: `an image given by URL (${url.slice(0, 200)})`, tokens: LOW_DETAIL_TOKENS };
  const bytes = Buffer.from(url.slice(head[0].length), 'base64');
  const picture = pictureIn(bytes);
  return picture
    ? { words: `a ${picture.type} image of ${picture.width}×${picture.height} pixels`, tokens: tokensFor(picture) }
    : { words: `${bytes.length} bytes that are no PNG, JPEG, GIF or WebP image`, tokens: LOW_DETAIL_TOKENS };
}

const LOW_DETAIL_TOKENS = 85;
const TILE_TOKENS = 170;

/**
 * gpt-4o's rule: fit into 2048², then the shorter side to 768, then count 512-pixel tiles.
 * https://platform.openai.com/docs/guides/images-vision#calculating-costs
 */
function tokensFor({ width, height }: Picture): number {
  const fit = Math.min(1, 2048 / Math.max(width, height, 1));
  const scale = fit * Math.min(1, 768 / Math.max(Math.min(width, height) * fit, 1));
  const tiles = Math.ceil((width * scale) / 512) * Math.ceil((height * scale) / 512);
  return LOW_DETAIL_TOKENS + TILE_TOKENS * tiles;
}
