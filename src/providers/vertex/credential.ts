import type { Outgoing } from '../provider.js';

/** What a channel of Vertex says of itself. */
export interface VertexCredential {
  readonly project: string;
  readonly location: string;
  /** JSON of a service account's key. Undefined: Application Default Credentials. */
  readonly serviceAccount: string | undefined;
  /** File that Application Default Credentials are in; undefined: where Google's libraries look for them. */
  readonly credentialsFile: string | undefined;
}

type Channel = Outgoing['channel'];

/** A project's id or number; in front of it old ones have a domain. */
const PROJECT = /^(?:[a-z0-9.-]+:)?[a-z0-9-]{1,63}$/;
const LOCATION = /^[a-z0-9-]{2,40}$/;
const FIELDS: readonly string[] = ['service_account', 'project', 'location'];

export function vertexCredential({ credential }: Channel): VertexCredential {
  const fields = typeof credential === 'object' ? credential : {};
  return {
    project: fields.project ?? '',
    location: fields.location ?? '',
    serviceAccount: fields.service_account,
    credentialsFile: fields.credentials_file,
  };
}

/** @returns a sentence that says what to do, or undefined when the channel is usable */
export function checkCredential(channel: Channel): string | undefined {
  const { credential } = channel;
  if (typeof credential !== 'object') {
    return 'credential: a vertex channel needs {"service_account", "project", "location"}; without service_account, Application Default Credentials are used';
  }
  const unknown = Object.keys(credential).find(field => !FIELDS.includes(field));
  if (unknown !== undefined) return `credential.${unknown}: is not known; there are ${FIELDS.join(', ')}`;
  const { project, location, serviceAccount } = vertexCredential(channel);
  if (!PROJECT.test(project)) return "credential.project: must be the project's id, e.g. my-project-123";
  if (!LOCATION.test(location)) return 'credential.location: must be a location, e.g. global or us-central1';
  if (serviceAccount !== undefined && !readServiceAccount(serviceAccount)) {
    return 'credential.service_account: must be the JSON text of a key of a service account, with client_email and private_key';
  }
  return undefined;
}

/** Other kinds of credential files name places to ask and programs to run: https://docs.cloud.google.com/docs/authentication/external/externally-sourced-credentials */
export function readServiceAccount(json: string): { email: string; key: string } | undefined {
  try {
    const { type, client_email: email, private_key: key } = JSON.parse(json) as Record<string, unknown>;
    return type === 'service_account' && typeof email === 'string' && typeof key === 'string'
      ? { email, key }
      : undefined;
  } catch {
    return undefined;
  }
}
