import type { IncomingMessage } from 'node:http';
import type { Caller } from './caller.js';

/** Whoever may change things: an admin key and where it was used from. */
export interface Actor {
  readonly keyId: string;
  readonly name: string;
  readonly role: AdminRoleName;
  readonly ip: string;
}

export type AdminRoleName = 'viewer' | 'admin' | 'owner';

/** What `http/` leaves on a request, and what the guards add. */
export interface LazuRequest extends IncomingMessage {
  /** The value of `?key=`, already cut out of `url`. */
  lazuQueryKey?: string;
  /** The client's address behind trusted proxies. */
  lazuIp?: string;
  /** The body as it came, of what goes through Express and says that it is JSON. */
  lazuBody?: Buffer;
  lazuCaller?: Caller;
  lazuActor?: Actor;
}

export function ipOf(request: LazuRequest): string {
  return request.lazuIp ?? request.socket.remoteAddress ?? '';
}
