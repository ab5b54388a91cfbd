import { createHash } from 'node:crypto';
import { ADMIN_KEY_MARK, hashOf, isAdminKey, isCallerKey, mintKey } from './key-format.js';

describe('key format', () => {
  it('mints keys of 43 base62 characters, each another', () => {
    const keys = new Set(Array.from({ length: 200 }, () => mintKey().key));
    expect(keys.size).toBe(200);
    for (const key of keys) expect(key).toMatch(/^sk-lazu-[0-9A-Za-z]{43}$/);
  });

  it('keeps the SHA-256, the mark with four characters, and the last four', () => {
    const { key, fingerprint } = mintKey(ADMIN_KEY_MARK);
    expect(Buffer.from(fingerprint.hash)).toEqual(createHash('sha256').update(key).digest());
    expect(hashOf(key)).toBe(Buffer.from(fingerprint.hash).toString('hex'));
    expect(fingerprint.prefix).toBe(key.slice(0, 18));
    expect(fingerprint.last4).toBe(key.slice(-4));
  });

  it('tells caller keys from admin keys from anything else', () => {
    const caller = mintKey().key;
    const admin = mintKey(ADMIN_KEY_MARK).key;
    expect([isCallerKey(caller), isAdminKey(caller)]).toEqual([true, false]);
    expect([isCallerKey(admin), isAdminKey(admin)]).toEqual([false, true]);
    for (const odd of ['sk-lazu-', 'sk-lazu-short', `${caller} `, `${caller}\n`, 'sk-lazu-' + 'a'.repeat(300)]) {
      expect(isCallerKey(odd)).toBe(false);
    }
  });
});
