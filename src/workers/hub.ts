import type { Link } from './link.js';
import { ACT_MS, ANSWER_MS, ASK, FOLLOW, TELL } from './siblings.js';
import { topic, type Topic } from './topic.js';

interface Member {
  readonly link: Link;
  readonly follows: Set<string>;
  /** It does not act on what it must know: ends it. */
  readonly end: () => Promise<unknown>;
}

/** In the primary: carries between siblings what one tells or asks the others. */
export class Hub {
  readonly #members = new Set<Member>();
  readonly #own = new Map<string, (question: never) => unknown>();

  /** The primary itself answers too what siblings ask each other. */
  on<Question, Answer>(
    { name }: Topic<Question, Answer>,
    handler: (question: Question) => Answer | Promise<Answer>,
  ): void {
    this.#own.set(name, handler);
  }

  /** @param end kills it @returns what to call when it has ended */
  join(link: Link, end: () => Promise<unknown>): () => void {
    const member: Member = { link, follows: new Set(), end };
    this.#members.add(member);
    link.on(FOLLOW, name => void member.follows.add(name));
    link.on(TELL, async ({ name, said }) => {
      await Promise.all(this.#others(member, name).map(other => this.#acts(other, name, said)));
    });
    link.on(ASK, async ({ name, said }) => {
      const answers = this.#others(member, name).map(other => other.link.ask(topic(name), said, ANSWER_MS));
      const own = this.#own.get(name);
      const all = await Promise.allSettled(own ? [...answers, own(said as never)] : answers);
      return all.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
    });
    return () => void this.#members.delete(member);
  }

  #others(asker: Member, name: string): Member[] {
    return [...this.#members].filter(member => member !== asker && member.follows.has(name));
  }

  /** Resolves in any case: whoever has not acted is no more. */
  async #acts(member: Member, name: string, said: unknown): Promise<void> {
    try {
      await member.link.ask(topic(name), said, ACT_MS);
    } catch {
      if (this.#members.has(member)) await member.end();
    }
  }
}
