import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

type Json = Record<string, any>;

/** Judges real answers by Lazu's own OpenAPI document, more strictly than the document is: a field it does not name is a fault. */
export class ApiContract {
  readonly #ajv: Ajv2020;
  readonly #templates: { readonly pattern: RegExp; readonly path: string }[];
  /** `METHOD /path/{parameter}` of every success that was judged. */
  readonly seen = new Set<string>();

  constructor(readonly document: Json) {
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(this.#ajv);
    this.#ajv.addSchema(closed(structuredClone(document)), 'lazu');
    // A parameter may hold slashes, so the template with the most words of its own is asked first.
    const words = (path: string) => path.replace(/\{\w+\}/g, '').length;
    this.#templates = Object.keys(document['paths'] as Json)
      .sort((one, other) => words(other) - words(one))
      .map(path => ({ path, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '(.+)')}$`) }));
  }

  get operations(): string[] {
    return Object.entries(this.document['paths'] as Record<string, Json>).flatMap(([path, item]) =>
      Object.keys(item).map(method => `${method.toUpperCase()} ${path}`),
    );
  }

  /** @throws when the document does not know this status of this route, or the answer is not as it says */
  judge(method: string, url: string, status: number, contentType: string, body: unknown): void {
    const target = url.replace(/\?.*/, '');
    const path = this.#templates.find(({ pattern }) => pattern.test(target))?.path;
    const operation = path && (this.document['paths'] as Json)[path]?.[method.toLowerCase()];
    if (!operation) throw new Error(`${method} ${target} is not in the document`);
    const type = contentType.replace(/;.*/, '');
    if (!operation.responses[status]?.content?.[type]) {
      throw new Error(`${method} ${path} does not say that it answers ${status} ${type}: ${JSON.stringify(body)}`);
    }
    const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema'];
    this.#validate(pointer, type.endsWith('json') ? body : String(body), `${method} ${path} ${status}`);
    if (status < 300) this.seen.add(`${method} ${path}`);
  }

  judgeAs(schema: string, body: unknown): void {
    this.#validate(['components', 'schemas', schema], body, schema);
  }

  #validate(pointer: readonly string[], body: unknown, what: string): void {
    const escaped = pointer.map(part => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
    const validate = this.#ajv.compile({ $ref: `lazu#/${escaped.join('/')}` });
    if (validate(body)) return;
    throw new Error(`${what}: ${this.#ajv.errorsText(validate.errors)} in ${JSON.stringify(body).slice(0, 2000)}`);
  }
}

/** Objects that name their properties take no others. */
function closed<T>(node: T): T {
  if (typeof node !== 'object' || node === null) return node;
  for (const value of Object.values(node)) closed(value);
  const schema = node as Json;
  if (schema['properties'] && schema['type'] && schema['additionalProperties'] === undefined) {
    schema['additionalProperties'] = false;
  }
  return node;
}
