import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { LazuError } from '../errors.js';
import type { Revocation } from '../limits/limit-store.js';
import type { Caller } from './caller.js';
import { ADMIN_KEY_MARK, hashOf, isCallerKey, KEY_MARK } from './key-format.js';
import { KeyRing } from './key-ring.js';
import type { LiveKey } from './live-key.js';

const BEARER = /^bearer +/i;

/** WHO is asking, from headers alone. On the path of every request: one SHA-256, one map, no database. */
@Injectable()
export class Admission {
  constructor(private readonly ring: KeyRing) {}

  /**
   * @param queryKey the value of `?key=`, already cut out of the URL
   * @param ip the client's address behind trusted proxies
   * @returns the caller at once when the key is in the ring, else after one look-up
   * @throws LazuError (or rejects with it) `invalid_api_key`, `token_expired`, `token_disabled`, `account_suspended`,
   *   `ip_not_allowed`, or `service_unavailable` when nobody can tell
   */
  identify(headers: IncomingHttpHeaders, queryKey: string | undefined, ip: string): Caller | Promise<Caller> {
    const key = presentedKey(headers, queryKey);
    if (key === undefined) {
      throw new LazuError(
        'invalid_api_key',
        'No API key was given: send the header "Authorization: Bearer sk-lazu-…".',
      );
    }
    const now = Date.now();
    this.ring.assertFresh(now);
    const hash = hashOf(key);
    const known = this.ring.find(hash);
    if (known) return admit(known, ip, now);
    if (key.startsWith(ADMIN_KEY_MARK)) {
      throw new LazuError('invalid_api_key', 'This is an admin key: it opens /api/admin only. Use a caller key here.');
    }
    if (!isCallerKey(key) || this.ring.unknown.has(hash, now)) throw unknownKey();
    return this.#lookUp(hash, ip);
  }

  async #lookUp(hash: string, ip: string): Promise<Caller> {
    const found = await this.ring.lookUp(hash);
    if (!found) throw unknownKey();
    return admit(found, ip, Date.now());
  }
}

/** The first that starts with `sk-lazu-`, in the order of the contract (§2). */
export function presentedKey(headers: IncomingHttpHeaders, queryKey: string | undefined): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const token = authorization.startsWith('Bearer sk') ? authorization.slice(7) : authorization.replace(BEARER, '');
    if (token.length !== authorization.length && token.startsWith(KEY_MARK)) return token;
  }
  return ours(headers['x-api-key']) ?? ours(headers['x-goog-api-key']) ?? ours(queryKey);
}

function ours(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value.startsWith(KEY_MARK) ? value : undefined;
}

function admit(key: LiveKey, ip: string, now: number): Caller {
  if (key.refusal !== undefined) throw refused(key.refusal);
  if (now >= key.expiresAt) throw refused('token_expired');
  if (key.allowlist !== undefined && !key.allowlist.allows(ip)) {
    throw new LazuError('ip_not_allowed', `This API key may not be used from ${ip}.`);
  }
  return key;
}

/** What the caller of a refused key is told. */
export function refused(refusal: Revocation): LazuError {
  switch (refusal) {
    case 'token_expired':
      return new LazuError('token_expired', 'This API key has expired. Ask for a new one.');
    case 'token_disabled':
      return new LazuError('token_disabled', 'This API key is disabled. Its owner can enable it again.');
    case 'account_suspended':
      return new LazuError('account_suspended', 'The account of this API key is suspended. Write to your operator.');
    case 'invalid_api_key':
      return unknownKey();
  }
}

function unknownKey(): LazuError {
  return new LazuError(
    'invalid_api_key',
    'This API key is not valid: it is unknown or was deleted. Check it for typos.',
  );
}
