import { jest } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import type { LazuError } from '../errors.js';
import { Admission, presentedKey } from './admission.js';
import { ADMIN_KEY_MARK, hashOf, mintKey } from './key-format.js';
import type { KeyRow } from './key-row.js';
import { LiveKey } from './live-key.js';
import { UnknownKeys } from './unknown-keys.js';

const { key } = mintKey();
const other = mintKey().key;
const row: KeyRow = {
  id: 'key_1',
  accountId: 'acct_1',
  hash: hashOf(key),
  disabled: false,
  expiresAt: null,
  deletedAt: null,
  allowedModels: ['gpt-4o'],
  ipAllowlist: null,
  quotaMicroUsd: null,
  quotaPeriod: null,
  lanes: {},
  rpm: null,
  tpm: null,
  accountStatus: 'active',
  accountTier: null,
  accountRpm: null,
  accountTpm: null,
};

function admissionWith(changes: Partial<KeyRow> = {}) {
  const live = new LiveKey({ ...row, ...changes }, 1);
  const ring = {
    find: (hash: string) => (hash === live.hash ? live : undefined),
    assertFresh: jest.fn(),
    unknown: new UnknownKeys(10, 1000),
    lookUp: jest.fn<(hash: string) => Promise<LiveKey | undefined>>().mockResolvedValue(undefined),
  };
  return { admission: new Admission(ring as never), ring, live };
}

function refusal(work: () => unknown): LazuError {
  try {
    work();
  } catch (error) {
    return error as LazuError;
  }
  throw new Error('nothing was thrown');
}

const bearer = (value: string): IncomingHttpHeaders => ({ authorization: `Bearer ${value}` });

describe('admission', () => {
  afterEach(() => jest.useRealTimers());

  it.each<[string, IncomingHttpHeaders, string | undefined]>([
    ['Authorization: Bearer', bearer(key), undefined],
    ['authorization: bearer, two spaces', { authorization: `bearer  ${key}` }, undefined],
    ['x-api-key', { 'x-api-key': key }, undefined],
    ['x-goog-api-key', { 'x-goog-api-key': key }, undefined],
    ['?key=', {}, key],
    ['x-api-key behind a foreign bearer', { ...bearer('sk-proj-openai'), 'x-api-key': key }, undefined],
    [
      '?key= behind foreign headers',
      { 'x-api-key': 'sk-ant-1', 'x-goog-api-key': 'AIza', authorization: 'Basic eA==' },
      key,
    ],
    ['bearer before x-api-key', { ...bearer(key), 'x-api-key': other }, other],
    ['x-api-key before x-goog-api-key', { 'x-api-key': key, 'x-goog-api-key': other }, undefined],
    ['x-goog-api-key before ?key=', { 'x-goog-api-key': key }, other],
  ])('finds the key in %s, synchronously', (_, headers, queryKey) => {
    const { admission, live } = admissionWith();
    expect(admission.identify(headers, queryKey, '127.0.0.1')).toBe(live);
  });

  it('a key without the word Bearer is no bearer token', () => {
    expect(presentedKey({ authorization: key }, undefined)).toBeUndefined();
    expect(presentedKey({ authorization: `Basic ${key}` }, undefined)).toBeUndefined();
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['none', {}],
    ['foreign', bearer('sk-proj-123')],
    ['malformed', bearer('sk-lazu-short')],
    ['admin', bearer(mintKey(ADMIN_KEY_MARK).key)],
  ])('%s key: 401 invalid_api_key, and the database is not asked', (_, headers) => {
    const { admission, ring } = admissionWith();
    expect(refusal(() => admission.identify(headers, undefined, '127.0.0.1'))).toMatchObject({
      code: 'invalid_api_key',
      status: 401,
    });
    expect(ring.lookUp).not.toHaveBeenCalled();
  });

  it('an unknown key is looked up; found in vain it is 401', async () => {
    const { admission, ring } = admissionWith();
    await expect(Promise.resolve(admission.identify(bearer(other), undefined, '::1'))).rejects.toMatchObject({
      code: 'invalid_api_key',
    });
    expect(ring.lookUp).toHaveBeenCalledWith(hashOf(other));
    ring.unknown.add(hashOf(other), Date.now());
    expect(refusal(() => admission.identify(bearer(other), undefined, '::1')).code).toBe('invalid_api_key');
    expect(ring.lookUp).toHaveBeenCalledTimes(1);
  });

  it('an unknown key that the look-up finds is checked like any other', async () => {
    const { admission, ring, live } = admissionWith();
    const found = new LiveKey({ ...row, hash: hashOf(other) }, 1);
    ring.lookUp.mockResolvedValueOnce(found);
    await expect(Promise.resolve(admission.identify(bearer(other), undefined, '::1'))).resolves.toBe(found);
    ring.lookUp.mockResolvedValueOnce(new LiveKey({ ...row, hash: hashOf(other), disabled: true }, 1));
    await expect(Promise.resolve(admission.identify(bearer(other), undefined, '::1'))).rejects.toMatchObject({
      code: 'token_disabled',
    });
    expect(live.revoked).toBe(false);
  });

  it.each<[string, Partial<KeyRow>, string, number]>([
    ['disabled', { disabled: true }, 'token_disabled', 403],
    ['of a suspended account', { accountStatus: 'suspended' }, 'account_suspended', 403],
    ['expired', { expiresAt: new Date(0) }, 'token_expired', 401],
    ['from elsewhere', { ipAllowlist: ['10.0.0.0/8'] }, 'ip_not_allowed', 403],
  ])('a key %s is refused', (_, changes, code, status) => {
    const { admission } = admissionWith(changes);
    expect(refusal(() => admission.identify(bearer(key), undefined, '192.0.2.1'))).toMatchObject({ code, status });
  });

  it('expires at the moment, not before', () => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    const { admission, live } = admissionWith({ expiresAt: new Date(Date.UTC(2026, 0, 1) + 1000) });
    jest.setSystemTime(Date.UTC(2026, 0, 1) + 999);
    expect(admission.identify(bearer(key), undefined, '::1')).toBe(live);
    jest.setSystemTime(Date.UTC(2026, 0, 1) + 1000);
    expect(refusal(() => admission.identify(bearer(key), undefined, '::1')).code).toBe('token_expired');
  });

  it('a v4 caller on a dual-stack socket passes a v4 allowlist', () => {
    const { admission, live } = admissionWith({ ipAllowlist: ['10.0.0.0/8'] });
    expect(admission.identify(bearer(key), undefined, '::ffff:10.9.8.7')).toBe(live);
  });

  it('trap 39: no refusal names a key or a hash', () => {
    const { admission } = admissionWith({ disabled: true });
    for (const headers of [bearer(key), bearer('sk-lazu-malformed'), bearer(mintKey(ADMIN_KEY_MARK).key)]) {
      const { message } = refusal(() => admission.identify(headers, undefined, '::1'));
      expect(message).not.toContain(headers.authorization!.slice(15));
      expect(message).not.toMatch(/[0-9a-f]{16}/);
    }
  });
});
