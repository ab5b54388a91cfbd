import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject } from '../protocol.js';
import { object, text } from './shapes.js';

/** The tool by which a model without structured output is held to a schema; a caller's own tool of this name would be mistaken. */
export const ANSWER_TOOL = 'lazu_structured_answer';

/** `unseen`: tools that the vendor runs itself, and what is still to be invented. `answer`: the input of our own tool. */
type Kind = 'text' | 'reasoning' | 'tool' | 'answer' | 'image' | 'unseen';

/** A content block of which more may come. */
export class OpenBlock {
  /** As the vendor counts them. */
  index: unknown;
  #thought = '';
  #signature = '';
  #redacted: Buffer[] = [];
  #image = '';
  #hasInput = false;

  private constructor(
    private readonly kind: Kind,
    private readonly head: JsonObject = {},
  ) {}

  /** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlockStart.html */
  static begun({ toolUse, image }: JsonObject): OpenBlock {
    if (image) return new OpenBlock('image', object(image));
    const tool = object(toolUse);
    if (!toolUse || tool.type === 'server_tool_use') return new OpenBlock('unseen');
    return new OpenBlock(tool.name === ANSWER_TOOL ? 'answer' : 'tool', tool);
  }

  /** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlockDelta.html */
  static of(delta: JsonObject): OpenBlock {
    if (delta.reasoningContent) return new OpenBlock('reasoning');
    return new OpenBlock(delta.text === undefined && delta.citation === undefined ? 'unseen' : 'text');
  }

  get isAnswer(): boolean {
    return this.kind === 'answer';
  }

  start(): AnswerEvent[] {
    if (this.kind !== 'tool') return [];
    return [{ type: 'tool-call-start', id: text(this.head.toolUseId), name: text(this.head.name) }];
  }

  add(delta: JsonObject): AnswerEvent[] {
    switch (this.kind) {
      case 'text':
        return textDelta(text(delta.text)); // citations have no neutral form
      case 'reasoning':
        return this.#think(object(delta.reasoningContent));
      case 'tool':
      case 'answer': {
        const json = text(object(delta.toolUse).input);
        if (json === '') return [];
        this.#hasInput = true;
        return this.kind === 'answer' ? textDelta(json) : [{ type: 'tool-input-delta', json }];
      }
      case 'image':
        this.#image += text(object(object(delta.image).source).bytes);
        return [];
      case 'unseen':
        return [];
    }
  }

  end(): AnswerEvent[] {
    switch (this.kind) {
      case 'text':
      case 'answer':
        return [{ type: 'block-end' }];
      case 'tool': {
        // Tools without parameters are called without a word.
        const input: AnswerEvent[] = this.#hasInput ? [] : [{ type: 'tool-input-delta', json: '{}' }];
        return [...input, { type: 'block-end' }];
      }
      case 'image': {
        const mediaType = `image/${text(this.head.format)}`;
        return this.#image === '' ? [] : [{ type: 'image', mediaType, data: this.#image }, { type: 'block-end' }];
      }
      case 'reasoning':
        return [...this.#seal(), { type: 'block-end' }];
      case 'unseen':
        return [];
    }
  }

  #think(piece: JsonObject): AnswerEvent[] {
    const thought = text(piece.text);
    this.#thought += thought;
    this.#signature += text(piece.signature);
    if (piece.redactedContent) this.#redacted.push(Buffer.from(text(piece.redactedContent), 'base64'));
    return thought === '' ? [] : [{ type: 'reasoning-delta', text: thought }];
  }

  /** Thoughts that are signed, or that only the vendor can read, must come home as they are. */
  #seal(): AnswerEvent[] {
    if (this.#redacted.length > 0) {
      const redactedContent = Buffer.concat(this.#redacted).toString('base64');
      return sealed({ redactedContent });
    }
    if (this.#signature === '') return [];
    return sealed({ reasoningText: { text: this.#thought, signature: this.#signature } });
  }
}

const textDelta = (said: string): AnswerEvent[] => (said === '' ? [] : [{ type: 'text-delta', text: said }]);

const sealed = (reasoningContent: JsonObject): AnswerEvent[] => [
  { type: 'sealed-block', sealed: { protocol: 'bedrock-converse', value: { reasoningContent } } },
];
