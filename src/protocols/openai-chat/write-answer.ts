import type { AnswerEvent, StopReason } from '../answer-event.js';
import type { AnswerStamp, JsonObject, StepMachine } from '../protocol.js';
import type { Usage } from '../usage.js';
import { type PlacedSeal, SEALED_FIELD, writeSeals } from './sealed.js';
import { writeUsage } from './usage.js';

const DONE = 'data: [DONE]\n\n';

/** https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices-finish_reason */
function finishReason(stopReason: StopReason): string {
  switch (stopReason) {
    case 'tool-calls':
      return 'tool_calls';
    case 'length':
      return 'length';
    case 'refusal':
    case 'content-filter':
      return 'content_filter';
    case 'stop':
    case 'stop-sequence':
    case 'pause':
    case 'other':
      return 'stop';
  }
}

/** What one event adds to the message, as a delta; sealed blocks are gathered, as clients keep only the last of a repeated field. */
class DeltaWriter {
  readonly seals: PlacedSeal[] = [];
  id = '';
  usage: Usage | undefined;
  #calls = 0;
  #images = 0;
  #hasText = false;

  /** @returns undefined when there is nothing to say yet */
  write(event: AnswerEvent): { delta: JsonObject; finish?: string; logprobs?: readonly JsonObject[] } | undefined {
    switch (event.type) {
      case 'answer-start':
        this.id = event.id;
        return undefined;
      case 'text-delta':
        this.#hasText = true;
        return { delta: { content: event.text } };
      case 'reasoning-delta':
        return { delta: { reasoning_content: event.text } };
      case 'tool-call-start': {
        const { id, name } = event;
        const call = { index: this.#calls++, id, type: 'function', function: { name, arguments: '' } };
        return { delta: { tool_calls: [call] } };
      }
      case 'tool-input-delta':
        return { delta: { tool_calls: [{ index: this.#calls - 1, function: { arguments: event.json } }] } };
      // As OpenRouter does, as OpenAI's own shape has no place for it: https://openrouter.ai/docs/features/multimodal/image-generation
      case 'image': {
        const url = `data:${event.mediaType};base64,${event.data}`;
        return { delta: { images: [{ index: this.#images++, type: 'image_url', image_url: { url } }] } };
      }
      case 'logprobs':
        return { delta: {}, logprobs: event.tokens };
      case 'sealed-block':
        this.seals.push({ sealed: event.sealed, callsBefore: this.#calls, textBefore: this.#hasText });
        return undefined;
      case 'block-end':
        return undefined;
      case 'usage':
        this.usage = event.usage;
        return undefined;
      case 'answer-end': {
        const delta: JsonObject = {};
        if (this.seals.length > 0) delta[SEALED_FIELD] = writeSeals(this.seals);
        if (event.stopReason === 'refusal' && event.explanation !== undefined) delta.refusal = event.explanation;
        return { delta, finish: finishReason(event.stopReason) };
      }
    }
  }
}

/** OpenAI's chunks: https://platform.openai.com/docs/api-reference/chat/streaming. The first says the role, and waits for output. */
export class ChatAnswerWriter implements StepMachine<AnswerEvent, string> {
  readonly #writer = new DeltaWriter();
  #begun = false;
  #head: string | undefined;

  constructor(private readonly as: AnswerStamp & { readonly includeUsage: boolean }) {}

  push(event: AnswerEvent): string {
    if (event.type === 'answer-start') this.#head = undefined;
    const written = this.#writer.write(event);
    if (!written) return '';
    const { delta, finish = null } = written;
    const frame = this.#chunk(delta, likelihood(written.logprobs), finish);
    if (this.#begun) return frame;
    this.#begun = true;
    return this.#chunk({ role: 'assistant', content: '' }, null, null) + frame;
  }

  end(): string {
    const { usage } = this.#writer;
    const said = this.as.includeUsage && usage ? this.#frame(`[],"usage":${JSON.stringify(writeUsage(usage))}`) : '';
    return said + DONE;
  }

  /** Only what differs from chunk to chunk is serialised: of a whole chunk it would cost three times as much. */
  #chunk(delta: JsonObject, logprobs: JsonObject | null, finish: string | null): string {
    const likely = logprobs === null ? 'null' : JSON.stringify(logprobs);
    const reason = finish === null ? 'null' : `"${finish}"`;
    return this.#frame(`[{"index":0,"delta":${JSON.stringify(delta)},"logprobs":${likely},"finish_reason":${reason}}]`);
  }

  /** What all chunks begin with is written once. */
  #frame(choices: string): string {
    this.#head ??= this.#writeHead();
    return `${this.#head},"choices":${choices}}\n\n`;
  }

  #writeHead(): string {
    const { model, created } = this.as;
    const head = { id: completionId(this.#writer.id), object: 'chat.completion.chunk', created, model };
    return `data: ${JSON.stringify(head).slice(0, -1)}`;
  }
}

/** The whole answer: https://platform.openai.com/docs/api-reference/chat/object */
export function writeAnswer(events: readonly AnswerEvent[], { model, created }: AnswerStamp): JsonObject {
  const writer = new DeltaWriter();
  const message: JsonObject = { role: 'assistant', content: null, refusal: null };
  const calls: { id: string; type: string; function: { name: string; arguments: string } }[] = [];
  const images: unknown[] = [];
  const logprobs: JsonObject[] = [];
  let finish = 'stop';
  for (const event of events) {
    const written = writer.write(event);
    if (event.type === 'text-delta') message.content = ((message.content as string | null) ?? '') + event.text;
    else if (event.type === 'reasoning-delta')
      message.reasoning_content = ((message.reasoning_content as string | undefined) ?? '') + event.text;
    else if (event.type === 'tool-call-start')
      calls.push({ id: event.id, type: 'function', function: { name: event.name, arguments: '' } });
    else if (event.type === 'tool-input-delta') calls.at(-1)!.function.arguments += event.json;
    else if (event.type === 'image') images.push(...(written?.delta.images as unknown[]));
    else if (event.type === 'logprobs') logprobs.push(...event.tokens);
    else if (written) Object.assign(message, written.delta);
    finish = written?.finish ?? finish;
  }
  if (calls.length > 0) message.tool_calls = calls;
  if (images.length > 0) message.images = images;
  return {
    id: completionId(writer.id),
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: likelihood(logprobs), finish_reason: finish }],
    ...(writer.usage && { usage: writeUsage(writer.usage) }),
  };
}

/** https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices-logprobs */
const likelihood = (tokens: readonly JsonObject[] = []): JsonObject | null =>
  tokens.length > 0 ? { content: tokens, refusal: null } : null;

const completionId = (id: string): string => `chatcmpl-${id}`;
