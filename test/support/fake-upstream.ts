import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request as the upstream got it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly body: any;
  /** When the connection was cut before the answer had ended: `performance.now()`. */
  abortedAt?: number;
}

export type Script = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

/** A vendor for tests: records what it is sent, answers what the test says. */
export class FakeUpstream {
  readonly seen: SeenRequest[] = [];
  #script: Script = answerJson(chatAnswer('Hello!'));

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly url: string,
  ) {}

  static async start(): Promise<FakeUpstream> {
    let upstream: FakeUpstream | undefined = undefined;
    const server = createServer((request, response) => void upstream!.#take(request, response));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    upstream = new FakeUpstream(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return upstream;
  }

  get last(): SeenRequest {
    const last = this.seen.at(-1);
    if (!last) throw new Error('nothing was sent upstream');
    return last;
  }

  /** From now on answer so; forgets what was seen. Several scripts answer one request each, the last one all further ones. */
  answers(...scripts: Script[]): void {
    this.seen.length = 0;
    this.#script = (request, response) => {
      const script = scripts.length > 1 ? scripts.shift()! : scripts[0]!;
      return script(request, response);
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const seen: SeenRequest = {
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      raw,
      body: raw.length > 0 ? JSON.parse(raw.toString()) : undefined,
    };
    this.seen.push(seen);
    response.on('close', () => {
      if (!response.writableFinished) seen.abortedAt = performance.now();
    });
    try {
      await this.#script(seen, response);
    } catch {
      response.destroy();
    }
  }
}

export const usage = (prompt: number, completion: number, details: object = {}) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...details,
});

export const chatAnswer = (content: string, more: object = {}) => ({
  id: 'chatcmpl-fake',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'gpt-4o-2024-08-06',
  choices: [
    { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage: usage(10, 5),
  ...more,
});

export const chatChunk = (delta: object, more: object = {}, finish: string | null = null) => ({
  id: 'chatcmpl-fake',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'gpt-4o-2024-08-06',
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  ...more,
});

/** The frames of a stream that says these words, with usage where it was asked for. */
export function chatFrames(words: readonly string[], options: { usage?: object; done?: boolean } = {}): string[] {
  const chunks: object[] = [chatChunk({ role: 'assistant', content: '' })];
  for (const content of words) chunks.push(chatChunk({ content }));
  chunks.push(chatChunk({}, {}, 'stop'));
  if (options.usage) chunks.push({ ...chatChunk({}), choices: [], usage: options.usage });
  const frames = chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`);
  return options.done === false ? frames : [...frames, 'data: [DONE]\n\n'];
}

export const answerJson =
  (body: object | string, status = 200, headers: Record<string, string> = {}): Script =>
  (_request, response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };

/** Frames one after another; `then` says how it ends: properly, by a cut connection, or never. */
export const answerStream =
  (frames: readonly (string | Buffer)[], options: { everyMs?: number; then?: 'end' | 'cut' | 'hang' } = {}): Script =>
  async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const frame of frames) {
      if (options.everyMs) await sleep(options.everyMs);
      if (response.destroyed) return;
      if (!response.write(frame)) await new Promise(resolve => response.once('drain', resolve).once('close', resolve));
    }
    if (options.then === 'cut') {
      await sleep(30); // what was written must have left, or it would be cut too
      response.destroy();
    }
    if (options.then === undefined || options.then === 'end') response.end();
  };

/** Reads the request and says nothing. */
export const neverAnswers: Script = () => undefined;
