import { GoogleAuth, JWT } from 'google-auth-library';
import { LazuError } from '../../errors.js';
import { readServiceAccount, type VertexCredential } from './credential.js';

/** What gives tokens: keeps one until shortly before it ends, then fetches the next. */
interface TokenSource {
  getAccessToken(): Promise<unknown>;
}

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];
/** For all that is asked on the way to a token, the metadata server included. */
const DEADLINE_MS = 10_000;
/** Tokens are good for an hour; one that ends soon is replaced before it does. */
const EARLY_MS = 5 * 60 * 1000;
const MOST_SOURCES = 200;

const transporterOptions = {
  timeout: DEADLINE_MS,
  fetchImplementation: (...request: Parameters<typeof fetch>) => fetch(...request),
};

/** By credential: channels are few, and a changed one is another. */
const sources = new Map<string, TokenSource>();

function sourceFor(credential: VertexCredential): TokenSource {
  const { serviceAccount, credentialsFile } = credential;
  const key = JSON.stringify([serviceAccount, credentialsFile]);
  let source = sources.get(key);
  if (!source) {
    if (sources.size >= MOST_SOURCES) sources.clear();
    sources.set(key, (source = newSource(serviceAccount, credentialsFile)));
  }
  return source;
}

function newSource(serviceAccount: string | undefined, keyFilename: string | undefined): TokenSource {
  const options = { eagerRefreshThresholdMillis: EARLY_MS, transporterOptions };
  const account = serviceAccount === undefined ? undefined : readServiceAccount(serviceAccount);
  if (account) return new JWT({ ...account, ...options, scopes: SCOPES });
  return new GoogleAuth({ scopes: SCOPES, clientOptions: options, ...(keyFilename && { keyFilename }) });
}

/** @throws LazuError `upstream_error`: the operator's problem, and never Google's words about keys; `upstream_timeout` */
export async function accessToken(credential: VertexCredential): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(tooLate()), DEADLINE_MS)));
  try {
    const given = await Promise.race([sourceFor(credential).getAccessToken(), late]);
    const token = typeof given === 'object' && given !== null ? (given as { token?: unknown }).token : given;
    if (typeof token !== 'string' || token === '') throw new Error('Google gave no token');
    return token;
  } catch (error) {
    throw error instanceof LazuError ? error : refused(error);
  } finally {
    clearTimeout(timer);
  }
}

const tooLate = () =>
  new LazuError('upstream_timeout', 'The model provider did not answer in time. Please try again.', {
    retryable: true,
  });

/** The library's errors hold the request, the signed assertion in it included: only what kind it is may be kept. */
function refused(error: unknown): LazuError {
  const { code, status } = (error ?? {}) as { code?: unknown; status?: unknown };
  const kind = [code, status].find(one => typeof one === 'string' || typeof one === 'number');
  const message = 'The gateway could not sign in at the model provider. The operator has to look at this channel.';
  const cause = new Error(`no access token: ${kind ?? 'the credential cannot be used'}`);
  return new LazuError('upstream_error', message, { retryable: true, cause });
}
