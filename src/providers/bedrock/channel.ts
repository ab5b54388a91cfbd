import type { Outgoing } from '../provider.js';
import type { AwsCredential } from './sign.js';

type Channel = Outgoing['channel'];

/** Where nothing says another. */
export const DEFAULT_REGION = 'us-east-1';

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/;

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html */
export const endpointIn = (region: string): string =>
  `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** Of the credential, of `options.region`, or of an endpoint of AWS's own. */
export function regionOf({ credential, options, baseUrl }: Channel): string {
  if (typeof credential === 'object' && credential.region) return credential.region;
  if (typeof options.region === 'string') return options.region;
  return /\/\/bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(baseUrl ?? '')?.[1] ?? DEFAULT_REGION;
}

/** The keys to sign with; undefined: a Bedrock API key, or none. */
export function keysOf({ credential }: Channel): AwsCredential | undefined {
  if (typeof credential !== 'object') return undefined;
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token: sessionToken } = credential;
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined;
}

export function checkChannel(channel: Channel): string | undefined {
  const { credential, options } = channel;
  if (typeof credential === 'object') {
    for (const field of ['access_key_id', 'secret_access_key', 'region']) {
      if (!credential[field])
        return `credential.${field}: missing; give {access_key_id, secret_access_key, session_token?, region} or a Bedrock API key as a string`;
    }
  }
  const { region } = typeof credential === 'object' ? credential : options;
  if (region !== undefined && (typeof region !== 'string' || !REGION.test(region)))
    return `${typeof credential === 'object' ? 'credential' : 'options'}.region: must be a region of AWS, e.g. us-east-1`;
  return undefined;
}
