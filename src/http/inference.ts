import { SetMetadata } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { Caller } from '../auth/caller.js';
import type { Cancel } from '../egress/cancel.js';
import type { Flow } from '../egress/flow.js';
import type { Inbound, JsonObject } from '../protocols/protocol.js';
import type { PathParams } from './route-table.js';

/** One admitted request to an inference endpoint, body read and parsed once. */
export interface InferenceCall {
  /** `req_lazu_<ULID>`, minted here. */
  readonly requestId: string;
  readonly caller: Caller;
  /** `Date.now()` when the caller was identified. */
  readonly startedAt: number;
  /** Path without query. */
  readonly path: string;
  /** What the names in the route's path stand for. */
  readonly params: PathParams;
  /** Without the key that may have been in it. */
  readonly query: URLSearchParams;
  /** Bytes as they came; what a same-protocol upstream gets. */
  readonly raw: Buffer;
  /** The body's structure; text in it may be undecoded (`ParsedBody.skim`). */
  readonly skim: JsonObject;
  /** The body as it is meant. */
  readonly body: () => JsonObject;
  /** Lower-case names, as Node gives them. Only allow-listed ones go upstream. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Cancelled when the caller leaves before its answer has been written. */
  readonly gone: Cancel;
}

/** What a controller hands back; the sink writes it. `frames$` never errors: errors are frames by then. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** A whole answer is one frame. */
  readonly frames$: Observable<Uint8Array>;
  /** Byte length of a whole answer; undefined for streams. */
  readonly length: number | undefined;
  readonly flow: Flow;
}

export interface InferenceRoute {
  readonly method: string;
  readonly path: string;
  /** Whose refusals are written here; a request's own comes from its controller. */
  readonly inbound: Pick<Inbound, 'writeError' | 'requestIdHeader'>;
}

export const INFERENCE_ROUTE = 'lazu:inference-route';

/**
 * Puts a controller method on the inference mount: `@Inference('POST /v1/chat/completions', openaiChat)`. One name may stand in the path:
 * `/v1beta/models/{model}:generateContent`. `inbound` writes the refusals.
 */
export function Inference(route: `${'POST' | 'GET'} /${string}`, inbound: InferenceRoute['inbound']): MethodDecorator {
  const [method = '', path = ''] = route.split(' ');
  return SetMetadata(INFERENCE_ROUTE, { method, path, inbound } satisfies InferenceRoute);
}
