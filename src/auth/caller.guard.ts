import {
  createParamDecorator,
  Injectable,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  applyDecorators,
} from '@nestjs/common';
import { LazuError } from '../errors.js';
import { Admission } from './admission.js';
import type { Caller } from './caller.js';
import { ipOf, type LazuRequest } from './request.js';

/** Express routes that belong to a key: the same admission as on the inference mount. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(private readonly admission: Admission) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<LazuRequest>();
    request.lazuCaller = await this.admission.identify(request.headers, request.lazuQueryKey, ipOf(request));
    return true;
  }
}

/** On a controller or method: callers with a key only. */
export function ForCallers(): ClassDecorator & MethodDecorator {
  return applyDecorators(UseGuards(CallerGuard));
}

/** The parameter that names who is asking, behind `CallerGuard`. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const caller = context.switchToHttp().getRequest<LazuRequest>().lazuCaller;
  if (!caller) throw new LazuError('internal_error', 'This route names its caller but has no CallerGuard.');
  return caller;
});
