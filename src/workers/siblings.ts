import { LazuError } from '../errors.js';
import type { Link } from './link.js';
import { topic, type Topic } from './topic.js';

/** The other processes of this host that serve callers. With one process: nobody. */
export interface Siblings {
  /**
   * Hears what a sibling tells or asks. Load afterwards what the news are about: before this resolves they may pass by, later none
   * does.
   */
  follow<News, Answer>(about: Topic<News, Answer>, listener: (news: News) => Answer | Promise<Answer>): Promise<void>;
  /**
   * Resolves when every sibling has acted on it; one that does not in time is killed, and a new one loads afresh.
   * @throws LazuError `service_unavailable` when nobody can tell
   */
  tell<News>(about: Topic<News, unknown>, news: News): Promise<void>;
  /** What those siblings answer that can; never throws. */
  ask<Question, Answer>(about: Topic<Question, Answer>, question: Question): Promise<Awaited<Answer>[]>;
}

export const NOBODY: Siblings = {
  follow: () => Promise.resolve(),
  tell: () => Promise.resolve(),
  ask: () => Promise.resolve([]),
};

interface Relayed {
  readonly name: string;
  readonly said: unknown;
}

export const FOLLOW = topic<string>('siblings.follow');
export const TELL = topic<Relayed>('siblings.tell');
export const ASK = topic<Relayed, unknown[]>('siblings.ask');

/** What a sibling may take to act, before it counts as stuck. It answers sooner, whatever its database does. */
export const ACT_MS = 3_000;
/** What a sibling may take to answer a question that can also be answered without it. */
export const ANSWER_MS = 500;
const SLACK_MS = 1_000;

/** A worker's siblings, through the primary. */
export class WorkerSiblings implements Siblings {
  constructor(private readonly primary: Link) {}

  async follow<News, Answer>(
    about: Topic<News, Answer>,
    listener: (news: News) => Answer | Promise<Answer>,
  ): Promise<void> {
    this.primary.on(about, listener);
    await this.primary.ask(FOLLOW, about.name, Infinity);
  }

  async tell<News>(about: Topic<News, unknown>, news: News): Promise<void> {
    try {
      await this.primary.ask(TELL, { name: about.name, said: news }, ACT_MS + SLACK_MS);
    } catch (cause) {
      const message = 'The change is made, but not every process of this host has confirmed it. Please send it again.';
      throw new LazuError('service_unavailable', message, { retryAfter: 1, cause });
    }
  }

  async ask<Question, Answer>(about: Topic<Question, Answer>, question: Question): Promise<Awaited<Answer>[]> {
    const asked = this.primary.ask(ASK, { name: about.name, said: question }, ANSWER_MS + SLACK_MS);
    return (await asked.catch(() => [])) as Awaited<Answer>[];
  }
}
