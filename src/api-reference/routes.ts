import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { INFERENCE_ROUTE, type InferenceRoute } from '../http/inference.js';
import { ADMIN_ROLE } from '../auth/admin.guard.js';
import { isDto } from './dto-schemas.js';

export interface DtoUse {
  readonly dto: Type<object>;
  readonly isBody: boolean;
}

/** What the controllers of this application say about themselves. */
@Injectable()
export class Routes {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** Routes that Express never sees. */
  inference(): InferenceRoute[] {
    return this.#methods().flatMap(([prototype, name]) => {
      const route = this.reflector.get<InferenceRoute | undefined>(INFERENCE_ROUTE, prototype[name]!);
      return route ? [route] : [];
    });
  }

  /** Every DTO that a handler takes. */
  dtos(): DtoUse[] {
    return this.#methods().flatMap(([prototype, name, controller]) => {
      const types = (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as unknown[];
      const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
        string,
        { index: number }
      >;
      return Object.entries(parameters).flatMap(([key, { index }]) => {
        const dto = types[index];
        return isDto(dto) ? [{ dto, isBody: key.startsWith(`${RouteParamtypes.BODY}:`) }] : [];
      });
    });
  }

  /** Role that a management route needs, by `Accounts_create`: as `ApiDocument` names operations. */
  roles(): Map<string, string> {
    const found = this.#methods().flatMap(([prototype, name, controller]) => {
      const role = this.reflector.getAllAndOverride<string | undefined>(ADMIN_ROLE, [prototype[name]!, controller]);
      return role === undefined ? [] : [[operationIdOf(controller.name, name), role] as const];
    });
    return new Map(found);
  }

  #methods(): [Record<string, () => unknown>, string, Type][] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      const prototype = (metatype as Type).prototype as Record<string, () => unknown>;
      return this.scanner.getAllMethodNames(prototype).map(name => [prototype, name, metatype as Type] as const);
    }) as [Record<string, () => unknown>, string, Type][];
  }
}

/** `AccountsController`, `create` → `Accounts_create`. */
export const operationIdOf = (controller: string, method: string): string =>
  `${controller.replace(/Controller$/, '')}_${method}`;
