import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';

interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, { readonly shape: string; readonly location?: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly required?: readonly string[];
  readonly union?: boolean;
  readonly document?: boolean;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
}

/** AWS's own model of a service as JSON schemas: what its SDKs are made from judges what is sent without them. */
export class ServiceModel {
  readonly #shapes: Readonly<Record<string, Shape>>;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(specs: string, file: string) {
    this.#shapes = JSON.parse(readFileSync(join(specs, file), 'utf8')).shapes;
    const $defs = Object.fromEntries(Object.keys(this.#shapes).map(name => [name, this.#schema(this.#shapes[name]!)]));
    this.#ajv.addSchema({ $id: 'service', $defs });
  }

  /** What is wrong with a body of this shape: empty when it is valid. */
  faults(shape: string, body: unknown): string[] {
    const validate = this.#ajv.getSchema(`service#/$defs/${shape}`)!;
    void validate(body);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  #schema(shape: Shape): object {
    const to = ({ shape: name }: { readonly shape: string }) => ({ $ref: `#/$defs/${name}` });
    const { min, max } = shape;
    switch (shape.type) {
      case 'structure': {
        if (shape.document) return {};
        // What stands in the path or in headers is no part of the body.
        const members = Object.entries(shape.members ?? {}).filter(([, { location }]) => location === undefined);
        return {
          type: 'object',
          properties: Object.fromEntries(members.map(([name, member]) => [name, to(member)])),
          required: (shape.required ?? []).filter(name => members.some(([member]) => member === name)),
          additionalProperties: false,
          ...(shape.union && { minProperties: 1, maxProperties: 1 }),
        };
      }
      case 'list':
        return { type: 'array', items: to(shape.member!), minItems: min, maxItems: max };
      case 'map':
        return { type: 'object', additionalProperties: to(shape.value!), propertyNames: to(shape.key!) };
      case 'string': {
        const pattern = shape.pattern && `^(?:${shape.pattern})$`;
        return { type: 'string', minLength: min, maxLength: max, pattern, enum: shape.enum };
      }
      case 'blob':
        return {
          type: 'string',
          minLength: min,
          pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
        };
      case 'boolean':
        return { type: 'boolean' };
      case 'integer':
      case 'long':
        return { type: 'integer', minimum: min, maximum: max };
      default:
        return { type: 'number', minimum: min, maximum: max };
    }
  }
}
