import type { Block, Conversation, Setting } from './conversation.js';

/** What a caller may send beside the settings, and not every protocol has a place for. */
export type Feature =
  | 'audio in a message'
  | 'PDF in a message'
  | 'files of other types'
  | 'any JSON as the format'
  | 'a format beside tools'
  | 'marks for the cache'
  | 'unsigned thoughts'
  | 'detail of an image'
  | 'images that a model made';

/** What a protocol lacks. A list of what is refused, as the answer would miss it, and one of hints that are dropped, per protocol. */
export type Lack = ({ readonly setting: Setting } | { readonly feature: Feature }) & {
  /** Where the vendor says so, or lists all that it has. */
  readonly link: string;
};

/** A field of one dialect alone that no other protocol has: refused unless it says nothing, as the answer would miss it. */
export interface MissedField {
  readonly saysNothing: (value: unknown) => boolean;
  readonly link: string;
}

/** The settings that this conversation has of those in the list. */
export function lackingIn({ settings }: Conversation, lacks: readonly Lack[]): Setting[] {
  return lacks.flatMap(lack => ('setting' in lack && settings[lack.setting] !== undefined ? [lack.setting] : []));
}

/** Paths of all marks for the cache, for vendors that are not told what to keep. */
export function cacheMarks({ turns, tools }: Conversation): string[] {
  const marks = tools.flatMap(({ cache, path }) => (cache ? [toolPath(path)] : []));
  for (const { blocks } of turns) {
    for (const block of blocks) {
      if (isMarked(block)) marks.push(block.path);
      if (block.type === 'tool-result') marks.push(...block.content.filter(isMarked).map(({ path }) => path));
    }
  }
  return marks.map(path => `${path}.cache_control`);
}

const isMarked = (block: Block): boolean => 'cache' in block && block.cache !== undefined;

/** `tools.0` of `tools.0.function.parameters` */
const toolPath = (schemaPath: string): string => /^tools\.\d+/.exec(schemaPath)?.[0] ?? schemaPath;

/** `tools.0.function.strict` of `tools.0.function.parameters` */
export const strictPath = (schemaPath: string): string =>
  `${schemaPath.slice(0, schemaPath.lastIndexOf('.') + 1)}strict`;

/** Where chat says how closely an image is to be looked at, the one dialect of callers that does. */
export const detailPath = (imagePath: string): string => `${imagePath}.image_url.detail`;
