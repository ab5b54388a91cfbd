import { readToldError } from '../openai-chat/told-error.js';
import type { ForeignUpstream } from '../protocol.js';

/** What the writer asks for although no caller did. */
export const EXTRAS = {
  /** Organisations that have not been verified get none: https://help.openai.com/en/articles/10910291-api-organization-verification */
  summary: 'a summary of the reasoning',
  /** Models that do not reason refuse to be asked; not every name says whether its model does. */
  encrypted: 'encrypted reasoning',
  /** What another account's model thought, as after a change of channels, cannot be read here. */
  seals: 'sealed items',
} as const;

/** https://platform.openai.com/docs/guides/reasoning */
export const refusedExtra: ForeignUpstream['refusedExtra'] = body => {
  const { message, code, param } = readToldError(body);
  const said = `${code} ${param ?? ''} ${message}`;
  if (/reasoning\.summary|reasoning summar/i.test(said)) return { extra: EXTRAS.summary, lasting: true };
  if (/invalid_encrypted_content|encrypted content .*could not be/i.test(said))
    return { extra: EXTRAS.seals, lasting: false };
  if (/encrypted content is not supported|reasoning\.encrypted_content/i.test(said))
    return { extra: EXTRAS.encrypted, lasting: true };
  return undefined;
};
