import type { Reply } from '../egress/reply.js';
import type { ForeignUpstream } from '../protocols/protocol.js';

/** What Lazu asks of an upstream on its own, and can do without: `usage` in streams, or what a protocol names (`refusedExtra`). */
export type Extra = string;

export const USAGE: Extra = 'usage';

const NONE: ReadonlySet<Extra> = new Set();

/** Which extras a model on a channel has refused: it is not asked for them again until the next start. */
export class RefusedExtras {
  readonly #refused = new Map<string, ReadonlySet<Extra>>();

  of(channelId: string, model: string): ReadonlySet<Extra> {
    return this.#refused.get(`${channelId} ${model}`) ?? NONE;
  }

  add(channelId: string, model: string, extra: Extra): void {
    this.#refused.set(`${channelId} ${model}`, new Set([...this.of(channelId, model), extra]));
  }
}

/** What this refusal is about, if it is an extra. `lasting`: the model's own, not this conversation's. */
export function refusedExtra(
  reply: Reply,
  text: string,
  stream: boolean,
  upstream?: ForeignUpstream,
): { readonly extra: Extra; readonly lasting: boolean } | undefined {
  if (reply.status !== 400) return undefined;
  if (stream && /stream_options|include_usage/.test(text)) return { extra: USAGE, lasting: true };
  return upstream?.refusedExtra?.(text);
}
