import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { UpstreamRequest } from '../../egress/reply.js';

export interface AwsCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** Node's own SHA-256 in the shape that the signer asks for: twenty times as fast on an image as one in JavaScript. */
class NodeSha256 {
  #hash: Hash | Hmac;

  constructor(private readonly secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = NodeSha256.#begin(secret);
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = NodeSha256.#begin(this.secret);
  }

  static #begin(secret: string | ArrayBuffer | ArrayBufferView | undefined): Hash | Hmac {
    if (secret === undefined) return createHash('sha256');
    if (typeof secret === 'string') return createHmac('sha256', secret);
    const bytes = ArrayBuffer.isView(secret)
      ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
      : new Uint8Array(secret);
    return createHmac('sha256', bytes);
  }
}

/**
 * The same request with AWS's signature over everything in it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 * The path is signed as it is sent, each part encoded once more.
 * @param at the time of signing; AWS refuses what is more than five minutes off
 */
export async function sign(
  request: UpstreamRequest,
  region: string,
  credential: AwsCredential,
  at: Date,
): Promise<UpstreamRequest> {
  const { url, method, body } = request;
  const signer = new SignatureV4({ service: 'bedrock', region, credentials: credential, sha256: NodeSha256 });
  const signed = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...request.headers, host: url.host },
      body,
    },
    { signingDate: at },
  );
  const { host: _, ...headers } = signed.headers; // the connection sets it
  return { ...request, headers };
}
