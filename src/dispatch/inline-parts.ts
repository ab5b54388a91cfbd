import { Injectable } from '@nestjs/common';
import type { Hold } from '../egress/byte-budget.js';
import { Cancel } from '../egress/cancel.js';
import { GuardedFetch } from '../egress/guarded-fetch.js';
import { LazuError } from '../errors.js';
import type { Block, Conversation, FileBlock, ImageBlock, Source } from '../protocols/conversation.js';
import type { ForeignUpstream } from '../protocols/protocol.js';

/** Different URLs in one request. */
const MOST_PARTS = 32;
/** Fetches of one request at a time. */
const AT_A_TIME = 4;
/** Bytes of one image or document: more than any vendor takes inline. */
const LARGEST_PART = 32 * 1024 * 1024;

type UrlBlock = (ImageBlock | FileBlock) & { readonly source: { readonly kind: 'url' } };

/** A conversation whose parts are in memory until `release`. */
export interface Inlined {
  readonly conversation: Conversation;
  readonly release: () => void;
}

/** Vendors that take only bytes get what the caller's URLs point to, fetched by the egress rules (architecture §7). */
@Injectable()
export class InlineParts {
  constructor(private readonly guarded: GuardedFetch) {}

  /** @throws LazuError `invalid_value` with the part's path when it cannot be fetched; what `cancel` was cancelled with */
  async inline(conversation: Conversation, upstream: ForeignUpstream, cancel: Cancel): Promise<Inlined> {
    const wanted = new Map<string, UrlBlock>();
    for (const block of urlBlocks(conversation)) {
      if (upstream.mustInline?.(block) && !wanted.has(keyOf(block))) wanted.set(keyOf(block), block);
    }
    if (wanted.size === 0) return { conversation, release: () => undefined };
    const one = [...wanted.values()][MOST_PARTS];
    if (one) throw tooMany(one.path);
    const hold = this.guarded.memory.open();
    try {
      const fetched = await this.#fetchAll([...wanted.values()], hold, cancel);
      return { conversation: withSources(conversation, fetched), release: () => hold.release() };
    } catch (error) {
      hold.release();
      throw error;
    }
  }

  async #fetchAll(blocks: UrlBlock[], hold: Hold, cancel: Cancel): Promise<Map<string, Source>> {
    const fetched = new Map<string, Source>();
    const cancels = new Set<Cancel>();
    cancel.listen(reason => cancels.forEach(part => part.cancel(reason)));
    const next = blocks.values();
    const work = async (): Promise<void> => {
      for (const block of next) {
        const part = new Cancel();
        cancels.add(part);
        if (cancel.reason) part.cancel(cancel.reason);
        const { mediaType, bytes } = await this.guarded.fetchPart({
          url: block.source.url,
          param: block.path,
          accept: block.type === 'image' ? 'image' : 'document',
          maxBytes: LARGEST_PART,
          cancel: part,
          hold,
        });
        cancels.delete(part);
        fetched.set(keyOf(block), { kind: 'bytes', mediaType, data: bytes.toString('base64') });
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_A_TIME }, work));
      return fetched;
    } catch (thrown) {
      const error = LazuError.from(thrown);
      cancels.forEach(part => part.cancel(error));
      throw error;
    } finally {
      cancel.listen(undefined);
    }
  }
}

function* urlBlocks({ turns }: Conversation): Generator<UrlBlock> {
  for (const { blocks } of turns) {
    for (const block of blocks) {
      if (block.type !== 'tool-result') {
        if (isUrl(block)) yield block;
        continue;
      }
      for (const part of block.content) if (isUrl(part)) yield part;
    }
  }
}

const isUrl = (block: Block): block is UrlBlock =>
  (block.type === 'image' || block.type === 'file') && block.source.kind === 'url';

/** The same URL as an image and as a document is fetched by the rules of each. */
const keyOf = ({ type, source }: UrlBlock): string => `${type} ${source.url}`;

function withSources(conversation: Conversation, fetched: ReadonlyMap<string, Source>): Conversation {
  const filled = <Kind extends Block>(block: Kind): Kind => {
    if (block.type === 'tool-result') return { ...block, content: block.content.map(filled) };
    const source = isUrl(block) ? fetched.get(keyOf(block)) : undefined;
    return source ? { ...block, source } : block;
  };
  const turns = conversation.turns.map(turn => ({ ...turn, blocks: turn.blocks.map(filled) }));
  return { ...conversation, turns };
}

const tooMany = (param: string) =>
  new LazuError('invalid_value', `This model takes at most ${MOST_PARTS} images and files by URL in one request.`, {
    param,
  });
