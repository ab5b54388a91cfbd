import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialBox, CredentialUnreadable } from '../../src/catalog/credential-box.js';

const SECRET = 'sk-very-secret-0123456789';

describe('the credential box', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-box-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const withKey = (encryptionKey: string | undefined) => CredentialBox.create({ encryptionKey, dataDir });

  it('opens what it sealed, and shows nothing of it', async () => {
    const box = await withKey('ab'.repeat(32));
    const sealed = box.seal(SECRET, 'chan_1');
    expect(Buffer.from(sealed.ciphertext).includes(SECRET)).toBe(false);
    expect(box.seal(SECRET, 'chan_1').ciphertext).not.toEqual(sealed.ciphertext);
    expect(box.open(sealed, 'chan_1')).toBe(SECRET);
  });

  it('takes its key as hex or base64', async () => {
    const hex = await withKey('ab'.repeat(32));
    const base64 = await withKey(Buffer.alloc(32, 0xab).toString('base64'));
    expect(base64.open(hex.seal(SECRET, 'a'), 'a')).toBe(SECRET);
    expect(hex.keyId).toMatch(/^[0-9a-f]{16}$/);
    expect(hex.keyId).not.toContain('abab');
  });

  it('opens nothing for another channel, with another key, or after a changed bit', async () => {
    const box = await withKey(undefined);
    const sealed = box.seal(SECRET, 'chan_1');
    expect(() => box.open(sealed, 'chan_2')).toThrow(CredentialUnreadable);
    const other = await withKey('cd'.repeat(32));
    expect(() => other.open(sealed, 'chan_1')).toThrow(/sealed with the key/);
    expect(() => other.open({ ...sealed, keyId: other.keyId }, 'chan_1')).toThrow(CredentialUnreadable);
    for (let at = 0; at < sealed.ciphertext.length; at++) {
      const ciphertext = Uint8Array.from(sealed.ciphertext, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => box.open({ ...sealed, ciphertext }, 'chan_1')).toThrow(CredentialUnreadable);
    }
    expect(() => box.open({ ...sealed, ciphertext: Uint8Array.of(1, 2) }, 'chan_1')).toThrow(CredentialUnreadable);
  });

  it('makes one key for all who start at once, readable by its owner only', async () => {
    const boxes = await Promise.all(Array.from({ length: 20 }, () => withKey(undefined)));
    expect(new Set(boxes.map(box => box.keyId)).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['encryption.key']);
    expect((await stat(join(dataDir, 'encryption.key'))).mode & 0o777).toBe(0o600);
    expect((await withKey(undefined)).keyId).toBe(boxes[0]?.keyId);
  });
});
