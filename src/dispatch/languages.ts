import type { Channel } from '../catalog/route.js';
import { LazuError } from '../errors.js';
import { anthropicMessages } from '../protocols/anthropic-messages/index.js';
import { bedrockConverse } from '../protocols/bedrock-converse/index.js';
import { cohereChat } from '../protocols/cohere-chat/index.js';
import { gemini } from '../protocols/gemini/index.js';
import { openaiChat } from '../protocols/openai-chat/index.js';
import { openaiResponses } from '../protocols/openai-responses/index.js';
import type { ForeignUpstream, Inbound, JsonObject, ProtocolName, Upstream } from '../protocols/protocol.js';
import type { Provider } from '../providers/provider.js';

/** Protocols whose bytes pass when both ends speak them. */
const SAME: Readonly<Partial<Record<ProtocolName, Upstream>>> = {
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
  gemini,
};

/** Protocols that callers of another one are translated to. */
const FOREIGN: Readonly<Partial<Record<ProtocolName, ForeignUpstream>>> = {
  'anthropic-messages': anthropicMessages,
  'openai-responses': openaiResponses,
  'bedrock-converse': bedrockConverse,
  gemini,
  'openai-chat': openaiChat,
  'cohere-chat': cohereChat,
};

/** What can be spoken to this model on this channel, the best for translation first. */
function spoken(provider: Provider, channel: Channel, model: string): readonly ProtocolName[] {
  const { protocol } = channel.options;
  if (typeof protocol === 'string') return provider.protocols.filter(name => name === protocol);
  return provider.protocolsFor?.(model, channel) ?? provider.protocols;
}

/** The upstream that speaks the caller's own protocol, if this channel has it for this model and this request. */
export function sharedLanguage(
  provider: Provider,
  channel: Channel,
  model: string,
  inbound: Inbound,
  body: JsonObject,
): Upstream | undefined {
  const names = spoken(provider, channel, model);
  const language = names.includes(inbound.name) ? SAME[inbound.name] : undefined;
  if (!language || (names[0] !== inbound.name && provider.mustTranslate?.(model, inbound.name, body))) return undefined;
  return asSpokenAt(provider, language);
}

/** How several answers in the caller's protocol become one. */
export function mergingLanguage(inbound: Inbound): Upstream {
  const language = SAME[inbound.name];
  if (language) return language;
  throw new LazuError('unsupported_parameter', 'This model gives one answer at a time.', { param: 'n' });
}

/** The language that this channel is spoken to in by callers of another. */
export function foreignLanguage(provider: Provider, channel: Channel, model: string): ForeignUpstream {
  for (const name of spoken(provider, channel, model)) {
    const language = FOREIGN[name];
    if (language) return asSpokenAt(provider, language);
  }
  const message = 'This channel speaks no protocol that this request can be translated to.';
  throw new LazuError('upstream_unavailable', message, { retryable: true });
}

/** What a host does in its own way, whatever protocol is spoken to it. */
function asSpokenAt<Language extends Upstream | ForeignUpstream>(
  { readError, mustInline }: Provider,
  language: Language,
): Language {
  if (!readError && !mustInline) return language;
  return { ...language, ...(readError && { readError }), ...(mustInline && { mustInline }) };
}
