import { generateKeyPairSync } from 'node:crypto';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The JSON of a service account's key that nobody has. */
export const SERVICE_ACCOUNT = JSON.stringify({
  type: 'service_account',
  client_email: 'lazu@my-project.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
});

export const ACCESS_TOKEN = 'ya29.for-tests';

const TOKEN_URL = 'https://oauth2.googleapis.com/token';

/** Google's token endpoint in this process: all other places are asked as ever. @returns what undoes it */
export function fakeGoogleSignIn(): () => void {
  const real = globalThis.fetch;
  globalThis.fetch = (...request) => {
    const [place] = request;
    if (String(place instanceof Request ? place.url : place) !== TOKEN_URL) return real(...request);
    return Promise.resolve(Response.json({ access_token: ACCESS_TOKEN, expires_in: 3600, token_type: 'Bearer' }));
  };
  return () => void (globalThis.fetch = real);
}
