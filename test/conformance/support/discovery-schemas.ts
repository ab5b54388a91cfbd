import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** A schema of Google's discovery document: https://developers.google.com/discovery/v1/type-format */
interface DiscoverySchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly items?: DiscoverySchema;
  readonly properties?: Readonly<Record<string, DiscoverySchema>>;
  readonly additionalProperties?: DiscoverySchema;
  readonly readOnly?: boolean;
}

/** What Google's JSON reader takes for these formats; others say no more than their type. */
const FORMATS: Readonly<Record<string, object>> = {
  int32: { minimum: -2_147_483_648, maximum: 2_147_483_647 },
  // Either alphabet of base64, with padding or without.
  byte: { pattern: '^[A-Za-z0-9+/_-]*={0,2}$' },
};

/** The Gemini API's own description, as a judge of what goes out: no field that it does not know, none that only answers have. */
export class DiscoverySchemas {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(specs: string) {
    const { schemas } = JSON.parse(readFileSync(join(specs, 'gemini.discovery.json'), 'utf8')) as {
      schemas: Record<string, DiscoverySchema>;
    };
    const $defs = Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, jsonSchemaOf(schema, schemas)]),
    );
    this.#ajv.addSchema({ $id: 'gemini', $defs });
  }

  /** What is wrong with this value: empty when it is valid. */
  faults(schema: string, value: unknown): string[] {
    const validate = this.#compiled.get(schema) ?? this.#ajv.compile({ $ref: `gemini#/$defs/${schema}` });
    this.#compiled.set(schema, validate);
    validate(value);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** A few schemas that are named are not there: about them nothing is known. */
function jsonSchemaOf(schema: DiscoverySchema, known: object): object {
  const { $ref } = schema;
  if ($ref !== undefined) return Object.hasOwn(known, $ref) ? { $ref: `gemini#/$defs/${$ref}` } : {};
  if (schema.type === 'any' || schema.type === undefined) return {};
  if (schema.type === 'array') return { type: 'array', items: jsonSchemaOf(schema.items ?? {}, known) };
  if (schema.type !== 'object') {
    const { type, format = '', enum: values } = schema;
    return { type, ...FORMATS[format], ...(values && { enum: values }) };
  }
  const sent = Object.entries(schema.properties ?? {}).filter(([, property]) => property.readOnly !== true);
  return {
    type: 'object',
    properties: Object.fromEntries(sent.map(([name, property]) => [name, jsonSchemaOf(property, known)])),
    additionalProperties: schema.additionalProperties ? jsonSchemaOf(schema.additionalProperties, known) : false,
  };
}
