import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

export interface Sealed {
  /** nonce, ciphertext, tag */
  readonly ciphertext: Uint8Array<ArrayBuffer>;
  /** Which key sealed it: a fingerprint, never the key. */
  readonly keyId: string;
}

/** A credential that was sealed with another key, or changed since. Says nothing of its value. */
export class CredentialUnreadable extends Error {}

/** Credentials at rest: AES-256-GCM. What is sealed for one channel does not open for another (`aad`: the channel's id). */
export class CredentialBox {
  readonly keyId: string;

  /** @param key 32 bytes */
  constructor(private readonly key: Buffer) {
    if (key.length !== KEY_BYTES) throw new Error('An encryption key has 32 bytes.');
    this.keyId = createHash('sha256').update('lazu credential key\0').update(key).digest('hex').slice(0, 16);
  }

  /** With ENCRYPTION_KEY, or with the key under the data directory, made on the first start. */
  static async create(config: Pick<Config, 'encryptionKey' | 'dataDir'>): Promise<CredentialBox> {
    return new CredentialBox(decode(config.encryptionKey ?? (await keyUnder(config.dataDir))));
  }

  seal(value: string, aad: string): Sealed {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(aad));
    const sealed = [nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return { ciphertext: Uint8Array.from(Buffer.concat(sealed)), keyId: this.keyId };
  }

  /** @throws CredentialUnreadable */
  open({ ciphertext, keyId }: { ciphertext: Uint8Array; keyId: string | undefined }, aad: string): string {
    if (keyId !== this.keyId) {
      throw new CredentialUnreadable(
        `was sealed with the key ${keyId ?? 'unknown'}, this ENCRYPTION_KEY is ${this.keyId}`,
      );
    }
    const bytes = Buffer.from(ciphertext);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      }).setAAD(Buffer.from(aad));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      throw new CredentialUnreadable('is damaged, or belongs to another channel');
    }
  }
}

const decode = (text: string): Buffer =>
  Buffer.from(text.trim(), /^[0-9a-fA-F]{64}$/.test(text.trim()) ? 'hex' : 'base64');

/** Whoever links first wins; everybody reads what then stands there. A half-written key is never seen. */
async function keyUnder(dataDir: string): Promise<string> {
  const path = join(dataDir, 'encryption.key');
  const known = await readFile(path, 'utf8').catch(absent);
  if (known !== undefined) return known;
  await mkdir(dataDir, { recursive: true });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(path, 'utf8');
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
