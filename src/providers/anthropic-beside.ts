import type { ProtocolName } from '../protocols/protocol.js';
import type { Outgoing, Provider } from './provider.js';

/** Callers of Anthropic Messages are served byte for byte, all others by chat, which knows more: JSON formats, seeds, penalties. */
const BOTH: readonly ProtocolName[] = ['openai-chat', 'anthropic-messages'];

/**
 * Vendors of OpenAI chat that speak Anthropic Messages too, under `/anthropic` of the same host. A channel with a base URL that is not the
 * vendor's own may be a proxy without it: there `options.protocol` says so.
 * @param home the vendor's base URL for chat
 * @param hosts the vendor's own hosts
 */
export function anthropicBeside(
  home: string,
  hosts: readonly string[],
): Required<Pick<Provider, 'protocols' | 'protocolsFor' | 'path'>> {
  return {
    protocols: BOTH,
    protocolsFor: (_model, { baseUrl }) =>
      baseUrl === undefined || hosts.includes(new URL(baseUrl).hostname) ? BOTH : ['openai-chat'],
    path: ({ protocol, channel }: Outgoing) => {
      if (protocol !== 'anthropic-messages') return '/chat/completions';
      const base = (channel.baseUrl ?? home).replace(/\/+$/, '');
      if (base.endsWith('/anthropic')) return '/v1/messages';
      return `${/\/(?:v1|beta)$/.test(base) ? '/..' : ''}/anthropic/v1/messages`;
    },
  };
}
