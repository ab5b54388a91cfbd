import type { Model } from '../catalog/route.js';
import { LazuError } from '../errors.js';
import type { Conversation } from '../protocols/conversation.js';
import type { ForeignUpstream } from '../protocols/protocol.js';
import type { Outgoing, Provider } from '../providers/provider.js';
import { buildRequest, type BuiltRequest } from '../providers/request.js';
import { type Extra, USAGE } from './extras.js';

export interface TranslatedRequest extends BuiltRequest {
  /** The upstream's error, or the provider's, as the caller knows the fields that it names. */
  readonly inCallersWords: (error: LazuError) => LazuError;
}

/**
 * The request that an upstream of another protocol gets: written in that protocol, then made the provider's own.
 * @throws LazuError `unsupported_parameter`, named in the caller's words
 */
export function translatedRequest(
  asked: Conversation,
  to: {
    readonly provider: Provider;
    readonly upstream: ForeignUpstream;
    readonly outgoing: Outgoing;
    readonly model: Model;
    /** The model as the caller wrote it. */
    readonly asked: string;
    /** What the upstream has refused to be asked for. */
    readonly without: ReadonlySet<Extra>;
    readonly headers: Readonly<Record<string, string>>;
  },
): TranslatedRequest {
  const { provider, upstream, outgoing, without, headers } = to;
  const { model, stream } = outgoing;
  const traits = traitsOf(provider, outgoing, to.model);
  const written = upstream.writeRequest(asked, { model, stream, traits, without });
  const { names } = written;
  const inCallersWords = (error: LazuError): LazuError => renamed(error, names);
  const { modelIn } = upstream;
  // What the caller wrote may say more than the name that is called, as where one model has had two.
  const body = modelIn === 'body' ? { ...written.body, model: to.asked } : written.body;
  try {
    const options = { askUsage: !without.has(USAGE), headers, modelIn };
    const { request, dropped } = buildRequest(provider, outgoing, body, undefined, options);
    const lost = [...written.dropped, ...dropped.map(field => names?.[topOf(field)] ?? field)];
    return { request, dropped: [...new Set(lost)], inCallersWords };
  } catch (error) {
    throw error instanceof LazuError ? inCallersWords(error) : error;
  }
}

/** What the provider knows of the model, and the catalog. */
function traitsOf(provider: Provider, { model: upstreamModel }: Outgoing, { maxOutputTokens, parameters }: Model) {
  const traits = provider.modelTraits(upstreamModel);
  return { ...traits, maxOutputTokens, ...(parameters.reasoning === false && { reasoning: 'none' as const }) };
}

/** `response_format` of `response_format.json_schema`, `messages` of `messages[3].content` */
const topOf = (field: string): string => field.split(/[.[]/, 1)[0] ?? field;

/** Places in a body that the caller never saw are not named. */
function renamed(error: LazuError, names: Readonly<Record<string, string>> | undefined): LazuError {
  if (error.param === null || !names) return error;
  const field = topOf(error.param);
  const param = names[field] ?? null;
  const message = param === null ? error.message : error.message.replaceAll(`'${field}'`, `'${param}'`);
  const { code, retryable, retryAfter, cause } = error;
  return new LazuError(code, message, { param, retryable, retryAfter, cause });
}
