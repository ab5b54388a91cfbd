import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** OpenAI's own schemas, as judges of what callers get. */
export class OpenAiSchemas {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(specs: string) {
    const document = JSON.parse(readFileSync(join(specs, 'openai.openapi.json'), 'utf8'));
    formats.default(this.#ajv);
    this.#ajv.addFormat('unixtime', { type: 'number', validate: Number.isInteger });
    this.#ajv.addSchema({ $id: 'openai', components: { schemas: withNull(document.components.schemas) } });
  }

  /** What is wrong with this value: empty when it is valid. */
  faults(schema: string, value: unknown): string[] {
    const validate = this.#compiled.get(schema) ?? this.#ajv.compile({ $ref: `openai#/components/schemas/${schema}` });
    this.#compiled.set(schema, validate);
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  /** The schema itself, for making requests from it. */
  get components(): Record<string, unknown> {
    const { schema } = this.#ajv.getSchema('openai')! as { schema: any };
    return schema.components.schemas;
  }
}

/** `nullable` is OpenAPI 3.0; the file says 3.1, where JSON Schema knows null as a type only. */
function withNull(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNull);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, name === 'example' ? value : withNull(value)]),
  );
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest;
}
