import {
  applyDecorators,
  createParamDecorator,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { LazuError } from '../errors.js';
import { AdminKeyRing } from './admin-key-ring.js';
import { hashOf, isAdminKey } from './key-format.js';
import { ipOf, type Actor, type AdminRoleName, type LazuRequest } from './request.js';

export type { Actor } from './request.js';

/** Metadata key: the role that a route needs. */
export const ADMIN_ROLE = 'lazu:admin-role';
const RANK: Record<AdminRoleName, number> = { viewer: 0, admin: 1, owner: 2 };

/** Bearer admin keys only: `?key=` and the vendors' headers are for callers (contract §2, §15). */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    private readonly ring: AdminKeyRing,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const needed = this.reflector.getAllAndOverride<AdminRoleName | undefined>(ADMIN_ROLE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = context.switchToHttp().getRequest<LazuRequest>();
    const actor = (request.lazuActor ??= await this.#identify(request));
    if (RANK[actor.role] < RANK[needed ?? 'owner']) {
      throw new LazuError('forbidden', `This needs an admin key with the role ${needed ?? 'owner'}.`);
    }
    return true;
  }

  async #identify(request: LazuRequest): Promise<Actor> {
    const key = /^bearer +(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
    const entry = key !== undefined && isAdminKey(key) ? await this.ring.find(hashOf(key)) : undefined;
    if (!entry) {
      throw new LazuError('invalid_api_key', 'Send a valid admin key: "Authorization: Bearer sk-lazu-admin-…".');
    }
    return { ...entry, ip: ipOf(request) };
  }
}

/** On a controller or method: admin keys of at least this role. A method's role wins over its class's. */
export function AdminRole(role: AdminRoleName): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(ADMIN_ROLE, role), UseGuards(AdminGuard));
}

/** The parameter that names who is changing things, behind `@AdminRole`. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const actor = context.switchToHttp().getRequest<LazuRequest>().lazuActor;
  if (!actor) throw new LazuError('internal_error', 'This route names its actor but has no @AdminRole.');
  return actor;
});
