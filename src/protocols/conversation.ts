import type { JsonObject, ProtocolName } from './protocol.js';

/** Vendor-only data that must come home: only the writer of the same protocol opens it, others drop it and say so. */
export interface Sealed {
  readonly protocol: ProtocolName;
  /** A block of that protocol, as it came. */
  readonly value: JsonObject;
}

/** Where the caller wants the prompt cached up to, and for how long; undefined: the vendor's own default lifetime. */
export interface CacheMark {
  readonly lifetime: '5m' | '1h' | undefined;
}

/** Bytes that came along, or a place to fetch them from. `data` is base64. */
export type Source =
  | { readonly kind: 'bytes'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string };

interface Placed {
  /** The caller's own path to it, such as `messages.0.content.1`: what an error names. */
  readonly path: string;
}

interface Cacheable extends Placed {
  readonly cache?: CacheMark;
}

export interface TextBlock extends Cacheable {
  readonly type: 'text';
  readonly text: string;
}

export interface ImageBlock extends Cacheable {
  readonly type: 'image';
  readonly source: Source;
  /** How closely to look, in OpenAI's words: `low`, `high` …; undefined: as the model sees fit. */
  readonly detail?: string;
}

export interface AudioBlock extends Placed {
  readonly type: 'audio';
  readonly format: string;
  /** Base64. */
  readonly data: string;
}

export interface FileBlock extends Cacheable {
  readonly type: 'file';
  readonly name: string | undefined;
  readonly source: Source;
}

export interface ReasoningBlock extends Placed {
  readonly type: 'reasoning';
  readonly text: string;
}

export interface ToolCallBlock extends Placed {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it, which may be no JSON at all. */
  readonly input: string;
}

export interface ToolResultBlock extends Cacheable {
  readonly type: 'tool-result';
  readonly callId: string;
  readonly content: readonly (TextBlock | ImageBlock)[];
  /** The tool failed, and this is what it said. Protocols without a word for it have the content alone. */
  readonly isError?: boolean;
}

/** What only one protocol understands: signed or redacted reasoning, blocks of server tools. */
export interface OpaqueBlock extends Placed {
  readonly type: 'opaque';
  readonly sealed: Sealed;
}

export type Block =
  TextBlock | ImageBlock | AudioBlock | FileBlock | ReasoningBlock | ToolCallBlock | ToolResultBlock | OpaqueBlock;

/** One message as the caller sent it; tool results are a user's. Writers group turns as their protocol wants them. */
export interface Turn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly blocks: readonly Block[];
}

export interface Tool extends Cacheable {
  readonly name: string;
  readonly description: string | undefined;
  /** JSON schema of the input; undefined: no input. */
  readonly schema: JsonObject | undefined;
  /** The input must match the schema, not just try to. */
  readonly strict: boolean;
}

export type ToolChoice =
  { readonly mode: 'auto' | 'none' | 'required' } | { readonly mode: 'one'; readonly name: string };

export type OutputFormat =
  | { readonly kind: 'json' }
  | { readonly kind: 'schema'; readonly schema: JsonObject; readonly strict: boolean; readonly path: string };

/** How much the model should think before it answers. */
export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** How soon, at which price; the caller's default is undefined. */
export type ServiceTier = 'standard' | 'flex' | 'priority';

/** What is asked of the answer beside what is said; all undefined unless the caller said something that is no default. */
export interface Settings {
  readonly maxOutputTokens?: number;
  /** OpenAI's scale: 0 to 2. */
  readonly temperature?: number;
  readonly topP?: number;
  /** Out of how many tokens each one is chosen. */
  readonly topK?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** How many alternatives per token, 0 for the token's own alone. */
  readonly logprobs?: number;
  readonly effort?: Effort;
  readonly parallelToolCalls?: boolean;
  readonly toolChoice?: ToolChoice;
  readonly outputFormat?: OutputFormat;
  /** The caller's name for its end user. */
  readonly user?: string;
  readonly serviceTier?: ServiceTier;
}

export type Setting = keyof Settings;

/** A chat request in our own words: what every reader gives and every writer takes. */
export interface Conversation {
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly settings: Settings;
  /** What the caller calls each setting: errors and dropped fields are named in the caller's words. */
  readonly names: Readonly<Record<Setting, string>>;
  /** Hints in the caller's dialect that have no neutral form: no writer sees them, so they are reported as dropped. */
  readonly unread: readonly string[];
  /** The request that `unread` names fields of, for a writer whose dialect has the same ones. */
  readonly unreadOf?: { readonly dialect: ProtocolName; readonly fields: JsonObject };
}
