import type { LazuError } from '../errors.js';
import type { AnswerEvent } from './answer-event.js';
import type { VendorTool } from './bounds.js';
import type { Conversation, FileBlock, ImageBlock, Setting } from './conversation.js';
import type { Usage } from './usage.js';

/** The wire languages Lazu speaks. Each is a folder of pure code: no Nest, no I/O, no clock. */
export type ProtocolName =
  'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini' | 'bedrock-converse' | 'cohere-chat';

export type JsonObject = Record<string, unknown>;

/** A per-request state machine: feed it one thing, get back what that completes. */
export interface StepMachine<In, Out> {
  push(item: In): Out;
  end(): Out;
}

/** What the scalars of a request ask for: all that the gateway itself must know, whoever answers. */
export interface RequestFacts {
  /** As the caller wrote it; may be an alias. */
  readonly model: string;
  readonly stream: boolean;
  /** The caller wants the usage frame in its stream. */
  readonly includeUsage: boolean;
  /** How many answers; 1 unless asked. */
  readonly n: number;
  /** The caller's own cap on output tokens, if any. */
  readonly maxOutputTokens: number | undefined;
  /** Upper bound of input tokens, images aside, from bytes, deterministic: what a hold is taken for. */
  readonly inputTokensBound: number;
  /** Images that come along: what one takes at most is for who answers to say, not for the dialect of a request. */
  readonly images: number;
  /** Likely input tokens, deterministic too: what a rate window counts, and what is charged when no vendor ever said. */
  readonly inputTokensEstimate: number;
  readonly serviceTier: string | undefined;
  /** Features asked for that a model or price must have: `tools`, `vision`, `audio`, a server tool's dimension … */
  readonly needs: readonly string[];
  /** Tools that the vendor brings along: they read and cost beside what the caller sends. */
  readonly vendorTools: readonly VendorTool[];
}

/** Clients speak it to us. Where path or query belong to a request as well, a controller makes one per request. */
export interface Inbound {
  readonly name: ProtocolName;
  /**
   * Check the scalars by hand and read the facts; unknown fields are left alone.
   * @throws LazuError `missing_required_parameter`, `invalid_request`, `invalid_value` or `unsupported_parameter` with `param`
   */
  readFacts(body: JsonObject, size: number): RequestFacts;
  /** The caller's own envelope: a JSON body before the first byte, one last frame after it. */
  writeError(error: LazuError, requestId: string): { body: JsonObject; frame: string };
  /** Where this dialect's SDKs look for the id of a request; default: `x-request-id`. */
  readonly requestIdHeader?: string;
  /** What is sent when an upstream has been silent for `KEEPALIVE_MS`. */
  readonly keepAliveFrame: string;
  /** How the frames of a stream leave, where they do not leave as server-sent events: made for one answer, fed all that is sent. */
  readonly framing?: { readonly contentType: string; frames(): StepMachine<Uint8Array, Uint8Array> };
  /**
   * The whole request in neutral form, for an upstream of another protocol.
   * @throws LazuError `unsupported_parameter` for what has no neutral form and would be missed, or `invalid_request`, with `param`
   */
  readRequest(body: JsonObject): Conversation;
  /** Frames of the caller's stream. `push` may give an empty string, and never the terminal frames, which are `end`'s. */
  answerWriter(as: AnswerStamp & { readonly includeUsage: boolean }): StepMachine<AnswerEvent, string>;
  writeAnswer(events: readonly AnswerEvent[], as: AnswerStamp): JsonObject;
  /** Text of the output in frames or in a whole answer of this protocol, for counting what was delivered. */
  outputTextIn(frames: string): string;
  /** The answer to a question for the number of input tokens, where this protocol has one. */
  writeCount?(inputTokens: number): JsonObject;
}

/** What a translated answer says of itself that its upstream does not know. */
export interface AnswerStamp {
  /** The name that was asked for (contract §3). */
  readonly model: string;
  /** Unix time in seconds. */
  readonly created: number;
  /** What the input is likely to be, for protocols that say it before the upstream does. */
  readonly inputTokens?: number;
}

/** What the called model can do where models of one protocol differ: the provider knows (`Provider.modelTraits`). */
export interface ModelTraits {
  /** The catalog's most, for protocols that must be told one. */
  readonly maxOutputTokens: number | undefined;
  /**
   * `none`: it does not reason. `budget`: in a number of tokens, when asked. `asked`: as it sees fit, when asked. `default`: as it sees fit
   * unless told not to. `always`: as it sees fit, and cannot be told not to.
   */
  readonly reasoning: 'none' | 'budget' | 'asked' | 'default' | 'always';
  /** Temperature and nucleus: both, one at a time, or neither. */
  readonly sampling: 'both' | 'one' | 'none';
  /** The highest efforts that it knows. */
  readonly efforts: readonly string[];
  /** Hosts of many vendors' models: the model's own field for how much it shall reason. Undefined: the protocol's. */
  readonly reasoningField?: 'thinking' | 'reasoningConfig' | 'reasoning_effort';
  /** Whether it can be held to a JSON schema. Undefined: as all models of its protocol. */
  readonly schemas?: boolean;
  /** How long a marked prompt can be kept; empty: marks are refused. Undefined: as the protocol says (`openai-chat`: not at all). */
  readonly cacheLifetimes?: readonly ('5m' | '1h')[];
  /** Bounds of the tokens it thinks in, where its vendor's protocol has efforts for others and a number for it. */
  readonly thinkingTokens?: readonly [least: number, most: number];
  /** Calls of tools go back to it with what it signed them with and the ids they had. */
  readonly signedCalls?: boolean;
  /** Results of tools may be called failed, where its protocol has a word for it that only some models know. */
  readonly failedResults?: boolean;
  /** Settings that it refuses although its protocol has them. */
  readonly lacks?: readonly Setting[];
  /** Field of an assistant's message in which it wants its thoughts back, for protocols without a place of their own; undefined: nowhere. */
  readonly thoughtsBack?: string;
}

/** What goes to an upstream of another protocol. */
export interface WrittenRequest {
  readonly body: JsonObject;
  /** Hints that went missing, in the caller's words. */
  readonly dropped: readonly string[];
  /** Top-level field of `body` → what the caller calls it, for what a provider says of fields. */
  readonly names?: Readonly<Record<string, string>>;
}

/** We speak it to a provider whose answers are translated for the caller. */
export interface ForeignUpstream {
  readonly name: ProtocolName;
  readonly modelIn: ModelPlace;
  /** The vendor cannot fetch this URL: it gets the bytes, which dispatch fetches. Undefined: it fetches all. */
  mustInline?(block: ImageBlock | FileBlock): boolean;
  /** @throws LazuError `unsupported_parameter` for what this protocol lacks and the answer would miss, named in the caller's words */
  writeRequest(
    conversation: Conversation,
    to: {
      readonly model: string;
      readonly stream: boolean;
      readonly traits: ModelTraits;
      /** Extras that are not to be asked for. */
      readonly without?: ReadonlySet<string>;
    },
  ): WrittenRequest;
  /**
   * The extra that a refusal of status 400 is about: something the writer asks for on its own, and leaves out when it stands in `without`.
   * `lasting`: the model or the operator's account lacks it, whatever the conversation.
   */
  refusedExtra?(body: string): { readonly extra: string; readonly lasting: boolean } | undefined;
  /**
   * Reads one stream, an event's data at a time. `push` throws a LazuError for an error event. `end` gives what the end of the connection
   * says; an answer without `answer-end` has been cut.
   */
  answerReader(): StepMachine<JsonObject, AnswerEvent[]>;
  /** What an event's data says to the reader, where it is not always JSON. */
  parseEvent?(data: string): JsonObject;
  /** A whole answer through the same reader. */
  readAnswer(answer: JsonObject): AnswerEvent[];
  readError: Upstream['readError'];
  errorIn: Upstream['errorIn'];
}

/** Where a request says its model: in the field `model`, or in a path that the provider writes. */
export type ModelPlace = 'body' | 'path';

/** We speak it to a provider. */
export interface Upstream {
  readonly name: ProtocolName;
  readonly modelIn: ModelPlace;
  /** Headers of this protocol that a caller may set, and which values of them go upstream; undefined: none of it does. */
  readonly requestHeaders?: Readonly<Record<string, (value: string) => string | undefined>>;
  /**
   * A request of this protocol may carry what other protocols sealed, from answers that other vendors gave in the same conversation: the
   * request without it. Undefined: it has none of it, or the protocol does not mind.
   */
  withoutForeignSeals?(
    raw: Uint8Array,
    body: () => JsonObject,
  ): { readonly body: JsonObject; readonly dropped: readonly string[] } | undefined;
  /** What the vendor calls the model that answered. */
  modelOf(answer: JsonObject): string | undefined;
  /**
   * An upstream's refusal, by status and body (contract §11): the mapped code, the vendor's message where it may be shown,
   * `retryable` where another channel may do better.
   */
  readError(status: number, body: string, headers: Readonly<Record<string, string>>): LazuError;
  /** The error that a vendor put into an answer of status 200. */
  errorIn(answer: JsonObject): LazuError | undefined;
  /** Usage of a whole answer; undefined when it carries none. */
  usageOf(answer: JsonObject): Usage | undefined;
  /** Watches the bytes of one stream go by (`dispatch/pass-through.ts` drives it). */
  frameWatch(options: WatchOptions): FrameWatch;
  /** Several whole answers as one; usage is the sum. */
  mergeAnswers(answers: readonly JsonObject[]): JsonObject;
  answerMerger(): AnswerMerger;
  answerRewriter(rewrite: AnswerRewrite): AnswerRewriter;
  /** Text of the output in these frames or this whole answer, for counting what was delivered when the vendor never said. */
  outputTextIn(frames: string): string;
}

/** What an answer must say otherwise than its upstream did; undefined: leave it. */
export interface AnswerRewrite {
  /** The name that was asked for, where the upstream's own is private. */
  readonly model: string | undefined;
  /** Where the upstream puts reasoning text, if not where the protocol does. */
  readonly reasoningField: string | undefined;
  /** The upstream answers with content in parts, thinking among them, where the protocol has one text. */
  readonly contentInParts: boolean;
}

/** Bytes and objects that need no change come back as the very same. */
export interface AnswerRewriter {
  answer(answer: JsonObject): JsonObject;
  frames(frames: Buffer): Buffer;
}

export interface WatchOptions {
  /** The caller wants the usage frame. */
  readonly includeUsage: boolean;
  /** How many answers interleave in this stream; 1 unless said otherwise. */
  readonly answers?: number;
}

/** Makes one stream of several, for `n` answers from a vendor that gives one at a time. */
export interface AnswerMerger {
  /** Complete frames of one part, rewritten to be that part of the whole. Usage frames vanish. */
  push(part: number, frames: Buffer): string;
  /** The usage frame with the sum; what ends the stream comes from `FrameWatch.terminal`. */
  end(usages: readonly JsonObject[]): string;
}

/** One watch per stream: classifies complete frames without parsing more than it must, and remembers what they said. */
export interface FrameWatch {
  /**
   * Look at one or more complete frames.
   * @returns the bytes that may go to the caller now; what ends the answer, and a usage frame nobody asked for, is kept back
   */
  see(frames: Buffer): Uint8Array;
  /** The connection ended cleanly; some vendors end an answer so, without a terminal mark. */
  ended(): void;
  /** What ends the answer, once it is `complete`: sent after the record is in the journal. */
  terminal(): Uint8Array;
  /** Final figures, merged field by field from all frames; provisional ones count as none (contract §13). */
  readonly usage: Usage | undefined;
  /** The latest figures, provisional ones too: what the vendor said of the input when the output was cut short. */
  readonly reported: Usage | undefined;
  /** What the vendor calls the model that answers, when it said. */
  readonly model: string | undefined;
  /** The upstream's error frame, if one came. */
  readonly error: LazuError | undefined;
  /** Something the caller asked for has gone by. */
  readonly hasOutput: boolean;
  /** The stream ended in the way whole answers end: its terminal mark, or a clean end after a finish reason. */
  readonly complete: boolean;
}
