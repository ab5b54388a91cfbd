import { Injectable, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { readFileSync } from 'node:fs';
import { LazuError } from '../errors.js';
import type { JsonObject } from '../protocols/protocol.js';
import { describeDto } from './dto-schemas.js';
import { codesOf, errorResponses } from './error-responses.js';
import { GLOSSARY } from './glossary.js';
import { headerComponents, headersNamed } from './headers.js';
import { inferenceOperations } from './operations/inference.js';
import { operations, schemas } from './operations/index.js';
import { TAGS, type Operation } from './operations/operation.js';
import { operationIdOf, Routes } from './routes.js';
import { audienceOf, securityFor, securitySchemes } from './security.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const INTRODUCTION =
  'A gateway to large language models that speaks the APIs of OpenAI and Anthropic, whoever the vendor of a model is. Point an OpenAI SDK ' +
  'at `<this host>/v1`, an Anthropic SDK at `<this host>`, with a key of this install. ' +
  'Every response carries `X-Lazu-Request-Id`; every error has `message`, `type`, `code`, `param` and `request_id`, and callers match on `code`.';

/**
 * The OpenAPI 3.1 document. Routes, parameters and bodies come from Nest's metadata and the decorators that check them; what code
 * cannot say of itself (summaries, answers) from `operations/`; the inference endpoints, which Express never sees, wholly from there.
 */
@Injectable()
export class ApiDocument {
  #app: INestApplication | undefined;
  #document: JsonObject | undefined;

  constructor(private readonly routes: Routes) {}

  /** Called once the application is wired; the document is made when somebody first asks for it. */
  describe(app: INestApplication): void {
    this.#app = app;
  }

  get document(): JsonObject {
    return (this.#document ??= this.#build());
  }

  #build(): JsonObject {
    if (!this.#app) throw new LazuError('service_unavailable', 'The application is still starting.', { retryAfter: 1 });
    for (const { dto, isBody } of this.routes.dtos()) describeDto(dto, { nullable: isBody });
    const head = new DocumentBuilder()
      .setOpenAPIVersion('3.1.0')
      .setTitle('Lazu')
      .setDescription(INTRODUCTION)
      .setVersion(version)
      .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
      .addServer('/')
      .build();
    const scanned = SwaggerModule.createDocument(this.#app, head, {
      autoTagControllers: false,
      operationIdFactory: operationIdOf,
    });
    const { components, paths } = JSON.parse(JSON.stringify(scanned)) as {
      components: { schemas: Record<string, JsonObject> };
      paths: Record<string, Record<string, JsonObject>>;
    };
    explain(components.schemas);
    return {
      openapi: '3.1.0',
      info: { ...head.info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      servers: [{ url: '/' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      paths: inOrder([...this.#inference(), ...this.#management(paths)]),
      components: {
        schemas: { ...schemas, ...components.schemas },
        headers: headerComponents,
        securitySchemes,
      },
    };
  }

  #inference(): Entry[] {
    return this.routes.inference().flatMap(({ method, path, inbound }) => {
      const known = inferenceOperations[`${method} ${path}`];
      if (!known) return [];
      const { operation, tag, errors, errorSchema = 'Error' } = known;
      const responses = {
        ...(operation['responses'] as JsonObject),
        ...errorResponses([...errors, ...codesOf('caller', {})], {
          schema: errorSchema,
          write: (error, id) => inbound.writeError(error, id),
        }),
      };
      return [
        {
          path,
          method: method.toLowerCase(),
          operation: { ...operation, tags: [tag], security: securityFor('caller'), responses },
        },
      ];
    });
  }

  #management(paths: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>): Entry[] {
    const roles = this.routes.roles();
    return Object.entries(paths).flatMap(([path, item]) =>
      METHODS.flatMap(method => {
        const scanned = item[method];
        if (!scanned) return [];
        const known = operations[`${method.toUpperCase()} ${path}`];
        return [{ path, method, operation: complete(path, scanned, known, roles) }];
      }),
    );
  }
}

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly operation: JsonObject;
}

function complete(
  path: string,
  scanned: JsonObject,
  known: Operation | undefined,
  roles: ReadonlyMap<string, string>,
): JsonObject {
  const audience = audienceOf(path);
  const role = roles.get(scanned['operationId'] as string);
  const parameters = scanned['parameters'] as (JsonObject & { name: string })[];
  const description = [known?.description, role && `Needs an admin key of the role \`${role}\` or above.`];
  const success = {
    description: known?.summary ?? 'Success',
    headers: headersNamed(['X-Lazu-Request-Id']),
    content: { [known?.mediaType ?? 'application/json']: { schema: known?.answer ?? {} } },
  };
  return {
    operationId: scanned['operationId'],
    tags: known ? [known.tag] : [],
    summary: known?.summary ?? '',
    ...(description.some(Boolean) && { description: description.filter(Boolean).join('\n\n') }),
    ...(role && { 'x-lazu-role': role }),
    ...(audience === 'anybody' ? {} : { security: securityFor(audience) }),
    parameters: parameters.map(parameter => ({ ...explained(parameter.name), ...parameter })),
    ...(scanned['requestBody'] ? { requestBody: scanned['requestBody'] } : {}),
    responses: {
      [String(known?.status ?? 200)]: success,
      ...errorResponses([...codesOf(audience, scanned), ...(known?.errors ?? [])], known?.errorEnvelope),
    },
  };
}

const explained = (name: string): JsonObject => (GLOSSARY[name] ? { description: GLOSSARY[name] } : {});

/** Bodies of management routes. */
function explain(bodies: Readonly<Record<string, JsonObject>>): void {
  for (const body of Object.values(bodies)) {
    body['additionalProperties'] = false; // the validation pipe refuses what it does not know
    for (const [name, property] of Object.entries((body['properties'] ?? {}) as Record<string, JsonObject>)) {
      if (!('$ref' in property)) property['description'] ??= GLOSSARY[name];
    }
  }
}

/** By tag, as `TAGS` orders them. */
function inOrder(entries: readonly Entry[]): JsonObject {
  const rank = ({ operation }: Entry) => Object.keys(TAGS).indexOf((operation['tags'] as string[])[0] ?? '');
  const paths: Record<string, JsonObject> = {};
  for (const { path, method, operation } of [...entries].sort((one, other) => rank(one) - rank(other))) {
    (paths[path] ??= {})[method] = operation;
  }
  return paths;
}
