import { hash, randomBytes } from 'node:crypto';

/** Every key of Lazu begins with it; the first header value that does is the caller's (contract §2). */
export const KEY_MARK = 'sk-lazu-';
export const ADMIN_KEY_MARK = 'sk-lazu-admin-';

/** A random part that base62 cannot spell with a dash never makes a caller key look like an admin key. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_BYTES = 32;
/** 62^43 > 2^256. */
const RANDOM_CHARACTERS = 43;

export interface MintedKey {
  /** Shown once, kept nowhere. */
  readonly key: string;
  readonly fingerprint: Fingerprint;
}

/** What is kept of a key. */
export interface Fingerprint {
  /** SHA-256, 32 bytes. A key of 256 random bits needs no slow hash. */
  readonly hash: Uint8Array<ArrayBuffer>;
  /** The mark and four characters, for display. */
  readonly prefix: string;
  readonly last4: string;
}

export function mintKey(mark: typeof KEY_MARK | typeof ADMIN_KEY_MARK = KEY_MARK): MintedKey {
  const key = mark + base62(randomBytes(RANDOM_BYTES));
  return { key, fingerprint: fingerprintOf(key, mark) };
}

export function fingerprintOf(key: string, mark: string): Fingerprint {
  return {
    hash: new Uint8Array(hash('sha256', key, 'buffer')),
    prefix: key.slice(0, mark.length + 4),
    last4: key.slice(-4),
  };
}

/** The form under which keys are found in memory: lower-case hex of the SHA-256. One call, no stream object (Node ≥ 20.12). */
export function hashOf(key: string): string {
  return hash('sha256', key, 'hex');
}

/** What a caller key can look like at all: anything else is refused without asking the database. */
export function isCallerKey(value: string): boolean {
  return value.length <= 200 && /^sk-lazu-(?!admin-)[\w-]{16,}$/.test(value);
}

export function isAdminKey(value: string): boolean {
  return value.length <= 300 && /^sk-lazu-admin-[\w-]{32,}$/.test(value);
}

function base62(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let i = 0; i < RANDOM_CHARACTERS; i++) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}
