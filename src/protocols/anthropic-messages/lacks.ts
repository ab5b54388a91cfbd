import type { ServiceTier } from '../conversation.js';
import type { Lack } from '../lacks.js';

const REQUEST = 'https://platform.claude.com/docs/en/api/messages/create';

/** What Anthropic lacks and the answer would miss: refused with 400 `unsupported_parameter`. */
export const REFUSED: readonly Lack[] = [
  { setting: 'logprobs', link: REQUEST },
  { feature: 'audio in a message', link: REQUEST },
  {
    feature: 'files of other types',
    link: 'https://platform.claude.com/docs/en/build-with-claude/files#file-types-and-content-blocks',
  },
  {
    feature: 'any JSON as the format',
    link: 'https://platform.claude.com/docs/en/build-with-claude/structured-outputs',
  },
];

/** Hints that Anthropic lacks: dropped, and named in `X-Lazu-Dropped-Params`. */
export const DROPPED: readonly Lack[] = [
  { setting: 'seed', link: REQUEST },
  { setting: 'presencePenalty', link: REQUEST },
  { setting: 'frequencyPenalty', link: REQUEST },
  {
    feature: 'unsigned thoughts',
    link: 'https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks',
  },
  { feature: 'detail of an image', link: 'https://platform.claude.com/docs/en/build-with-claude/vision' },
  { feature: 'images that a model made', link: 'https://platform.claude.com/docs/en/build-with-claude/vision' },
];

/** Its tier of service is the standard one, or the committed one where there is room: https://platform.claude.com/docs/en/api/service-tiers */
export const SERVICE_TIERS: Readonly<Partial<Record<ServiceTier, string>>> = { standard: 'standard_only' };
