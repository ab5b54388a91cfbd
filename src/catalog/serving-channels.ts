import type { ChannelRow } from './catalog-rows.js';
import type { ServingChannel } from './catalog-snapshot.js';
import { CredentialBox, CredentialUnreadable } from './credential-box.js';
import type { Channel } from './route.js';

export type Credential = Channel['credential'];

/**
 * The enabled channels, ready for use. One whose credential does not open is left out, so that requests go to the others.
 * @param report gets a line that names the channel, never the value
 */
export function openChannels(
  rows: readonly ChannelRow[],
  box: CredentialBox,
  report: (line: string) => void,
): readonly ServingChannel[] {
  return rows
    .filter(row => row.enabled)
    .flatMap(row => {
      try {
        return [openChannel(row, box)];
      } catch (error) {
        if (!(error instanceof CredentialUnreadable)) throw error;
        report(`Channel ${row.id} (${row.name}) is out of use: its credential ${error.message}. Set it again.`);
        return [];
      }
    });
}

/** @throws CredentialUnreadable */
export function openChannel(row: ChannelRow, box: CredentialBox): ServingChannel {
  const { id, name, provider, lane, baseUrl, priority, weight, options } = row;
  return {
    channel: Object.freeze({
      ...{ id, name, provider, lane, baseUrl, priority, weight, options },
      credential: credentialOf(row, box),
      source: 'admin' as const,
    }),
    serves: new Map(row.models.map(({ model, upstreamModel }) => [model, upstreamModel])),
  };
}

/** A credential is sealed as JSON: a string, or an object where one string is not enough. */
export const sealCredential = (credential: NonNullable<Credential>, channelId: string, box: CredentialBox) =>
  box.seal(JSON.stringify(credential), channelId);

function credentialOf({ id, credentialCiphertext, credentialKeyId }: ChannelRow, box: CredentialBox): Credential {
  if (credentialCiphertext === undefined) return undefined;
  return JSON.parse(box.open({ ciphertext: credentialCiphertext, keyId: credentialKeyId }, id)) as Credential;
}
