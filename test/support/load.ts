import { Agent, request, type Dispatcher } from 'undici';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerJson, answerStream, chatAnswer, chatFrames, usage, type Script } from './fake-upstream.js';

/** One request as its caller saw it. */
export interface SeenCall {
  readonly key: string;
  /** Travels as the field `user`, so that the upstream can tell which call it got. */
  readonly mark: string;
  readonly stream: boolean;
  /** Known once the head has come. */
  requestId: string | undefined;
  /** The caller saw a good answer end: the whole body, or `[DONE]`. */
  ended: boolean;
  /** What went wrong instead. */
  failure: string | undefined;
}

/** What `steadyUpstream` says each answer used. */
export const USED = usage(1000, 500);

/** Whole answers after up to 100 ms, streams of some 200 ms. */
export const steadyUpstream: Script = async (seen, response) => {
  const { stream } = seen.body as { stream?: boolean };
  if (stream) {
    const words = Array.from({ length: 10 }, (_, index) => `word ${index} `);
    return answerStream(chatFrames(words, { usage: USED }), { everyMs: 15 })(seen, response);
  }
  await sleep(Math.random() * 100);
  return answerJson(chatAnswer('Hello!', { usage: USED }))(seen, response);
};

/** Callers that ask again as soon as they are answered, half of them for streams; each has a key and one request at a time. */
export class Load {
  readonly calls: SeenCall[] = [];
  readonly #agent = new Agent({ connections: null });
  #running = true;
  readonly #loops: Promise<void>[];

  constructor(
    private readonly url: string,
    keys: readonly string[],
  ) {
    this.#loops = keys.map((key, index) => this.#loop(key, index % 2 === 0));
  }

  get ended(): SeenCall[] {
    return this.calls.filter(call => call.ended);
  }

  get failed(): SeenCall[] {
    return this.calls.filter(call => call.failure !== undefined);
  }

  /** Lets what runs come to its end, and starts nothing new. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
    await this.#agent.close();
  }

  async #loop(key: string, stream: boolean): Promise<void> {
    for (let count = 0; this.#running; count++) {
      const call: SeenCall = {
        key,
        mark: `${key.slice(-8)}-${count}-${Math.random()}`,
        stream,
        requestId: undefined,
        ended: false,
        failure: undefined,
      };
      this.calls.push(call);
      try {
        await this.#ask(call);
      } catch (error) {
        call.failure = String(error);
        await sleep(50); // a host that is gone is not asked a thousand times a second
      }
    }
  }

  async #ask(call: SeenCall): Promise<void> {
    const { key, mark, stream } = call;
    const options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'> = {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], stream, user: mark }),
    };
    const { statusCode, headers, body } = await request(`${this.url}/v1/chat/completions`, {
      ...options,
      dispatcher: this.#agent,
    });
    call.requestId = String(headers['x-lazu-request-id']);
    const text = await body.text();
    call.ended = statusCode === 200 && (!stream || text.endsWith('data: [DONE]\n\n'));
    if (!call.ended) call.failure = `${statusCode} ${text.slice(-300)}`;
  }
}
