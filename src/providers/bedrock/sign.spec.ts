import { createHash, createHmac } from 'node:crypto';
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import type { UpstreamRequest } from '../../egress/reply.js';
import { bedrock } from './index.js';
import { sign } from './sign.js';

/** AWS's own example keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-test-suite.html */
const keys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const at = new Date('2015-08-30T12:36:00Z');

interface Signed {
  readonly method: string;
  /** As it is on the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Uint8Array | string, data: string) => createHmac('sha256', key).update(data).digest();

/** The signature that AWS expects, by its description: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function expectedSignature({ method, path, headers, body }: Signed, secret: string): string {
  const { authorization = '' } = headers;
  const scope = /Credential=[^/]+\/([^,]+),/.exec(authorization)![1]!;
  const names = /SignedHeaders=([^,]+),/.exec(authorization)![1]!.split(';');
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const canonical = [
    ...[method, encoded, ''],
    ...names.map(name => `${name}:${headers[name]!.trim()}`),
    ...['', names.join(';'), sha256(body)],
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce<Uint8Array | string>((derived, part) => hmac(derived, part), `AWS4${secret}`);
  return hmac(key, toSign).toString('hex');
}

const signatureIn = (headers: Readonly<Record<string, string>>) =>
  /Signature=([0-9a-f]+)$/.exec(headers.authorization!)![1];

const request = (path: string, body: string): UpstreamRequest => ({
  method: 'POST',
  url: new URL(`https://bedrock-runtime.us-east-1.amazonaws.com${path}`),
  headers: {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'lazu',
    traceparent: '00-a-b-00',
  },
  body: Buffer.from(body),
});
const asSent = ({ method, url, headers, body }: UpstreamRequest): Signed => ({
  ...{ method, path: url.pathname, body: body! },
  headers: { ...headers, host: url.host },
});

describe('a signature of AWS', () => {
  it("is judged rightly here: AWS's published example `get-vanilla`", () => {
    const signature = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`;
    const headers = { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z', authorization };
    expect(expectedSignature({ method: 'GET', path: '/', headers, body: '' }, keys.secretAccessKey)).toBe(signature);
  });

  it.each([
    '/model/us.amazon.nova-2-lite-v1%3A0/converse',
    '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude/converse-stream',
    '/a/proxy/model/x/invoke',
  ])('is over all that is sent: %s', async path => {
    const signed = await sign(request(path, '{"messages":"é"}'), 'us-east-1', keys, at);
    expect(signed.headers.authorization).toContain('Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request');
    expect(signed.headers).not.toHaveProperty('host');
    expect(signed.headers['user-agent']).toBe('lazu');
    expect(signatureIn(signed.headers)).toBe(expectedSignature(asSent(signed), keys.secretAccessKey));
    const other = await sign(request(path, '{"messages":"e"}'), 'us-east-1', keys, at);
    expect(signatureIn(other.headers)).not.toBe(signatureIn(signed.headers));
  });

  it('carries the token of temporary keys', async () => {
    const signed = await sign(request('/model/x/converse', '{}'), 'eu-west-1', { ...keys, sessionToken: 'token' }, at);
    expect(signed.headers['x-amz-security-token']).toBe('token');
    expect(signed.headers.authorization).toMatch(/SignedHeaders=[^,]*x-amz-security-token/);
    expect(signatureIn(signed.headers)).toBe(expectedSignature(asSent(signed), keys.secretAccessKey));
  });

  it("is made as AWS's own SDK makes it, for the same path", async () => {
    let sent: Signed | undefined;
    const requestHandler = {
      handle: (asked: Signed) => {
        sent = asked;
        return Promise.reject(new Error('seen'));
      },
    };
    const model = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-2-lite-v1:0';
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      credentials: keys,
      maxAttempts: 1,
      requestHandler: requestHandler as any,
    });
    await client.send(new ConverseCommand({ modelId: model, messages: [] })).catch(() => undefined);
    expect(signatureIn(sent!.headers)).toBe(expectedSignature(sent!, keys.secretAccessKey));
    const channel = { id: 'c', baseUrl: undefined, credential: undefined, options: {} };
    const outgoing = { protocol: 'bedrock-converse', endpoint: 'chat', model, stream: false, channel } as const;
    expect(bedrock.path?.(outgoing)).toBe(sent!.path);
  });
});
