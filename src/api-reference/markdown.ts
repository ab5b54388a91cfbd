import { ERROR_CODES } from '../errors.js';
import type { JsonObject } from '../protocols/protocol.js';
import { MEANING, statusOf } from './schemas/error.js';
import type { Schema } from './schemas/schema.js';

interface Described {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly { name: string; in: string; description?: string; required?: boolean }[];
  readonly requestBody?: { content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Schema }>> }>>;
  readonly tags: readonly string[];
}

/** `/llms.txt` (https://llmstxt.org): what there is, one line each. */
export function shortText(document: JsonObject): string {
  const groups = byTag(document).map(
    ([tag, described]) =>
      `## ${tag}\n\n${described.map(({ method, path, summary }) => `- \`${method} ${path}\`: ${summary}`).join('\n')}`,
  );
  return [
    ...introduction(document),
    'Everything: [llms-full.txt](/llms-full.txt), [OpenAPI](/openapi.json).',
    ...groups,
  ]
    .join('\n\n')
    .concat('\n');
}

/** `/llms-full.txt`: every endpoint with its fields, every schema, every error. */
export function fullText(document: JsonObject): string {
  const schemas = Object.entries((document['components'] as { schemas: Record<string, Schema> }).schemas);
  return [
    ...introduction(document),
    ...byTag(document).flatMap(([tag, described]) => [`## ${tag}`, ...described.map(operationText)]),
    '## Schemas',
    ...schemas.map(([name, schema]) => `### ${name}\n\n${fieldsText(schema)}`),
    '## Errors',
    '| status | type | code | meaning |\n|---|---|---|---|\n' +
      ERROR_CODES.map(code => {
        const { status, type } = statusOf(code);
        return `| ${status} | \`${type}\` | \`${code}\` | ${MEANING[code]} |`;
      }).join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
}

function introduction(document: JsonObject): string[] {
  const { title, description } = document['info'] as { title: string; description: string };
  return [
    `# ${title}`,
    `> ${description}`,
    'Send a caller key as `Authorization: Bearer sk-lazu-…` (or `x-api-key`, `x-goog-api-key`, `?key=`); `/api/admin` takes only ' +
      '`Authorization: Bearer sk-lazu-admin-…`.',
  ];
}

function byTag(document: JsonObject): [string, Described[]][] {
  const paths = document['paths'] as Record<string, Record<string, Omit<Described, 'method' | 'path'>>>;
  const groups = new Map<string, Described[]>();
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags[0] ?? 'Other';
      groups.set(tag, [...(groups.get(tag) ?? []), { ...operation, method: method.toUpperCase(), path }]);
    }
  }
  return [...groups];
}

function operationText(operation: Described): string {
  const { method, path, summary, description, parameters = [], requestBody, responses } = operation;
  const lines = [`### ${method} ${path}`, description ? `${summary}. ${description}` : `${summary}.`];
  if (parameters.length > 0) lines.push(parameters.map(parameterLine).join('\n'));
  if (requestBody) lines.push(`Body: ${contentText(requestBody.content)}`);
  for (const [status, { content }] of Object.entries(responses)) {
    if (status.startsWith('2') && content) lines.push(`Answer ${status}: ${contentText(content)}`);
  }
  return lines.join('\n\n');
}

const parameterLine = ({ name, in: where, description, required }: NonNullable<Described['parameters']>[number]) =>
  `- \`${name}\` (${where}${required ? ', required' : ''})${description ? `: ${description}` : ''}`;

const contentText = (content: Readonly<Record<string, { schema: Schema }>>): string =>
  Object.entries(content)
    .map(([type, { schema }]) => `${type} ${typeText(schema)}`)
    .join(' or ');

function fieldsText(schema: Schema): string {
  const required = (schema['required'] ?? []) as string[];
  return Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
    .map(([name, field]) => {
      const said = field['description'] as string | undefined;
      return `- \`${name}\`${required.includes(name) ? '' : '?'}: ${typeText(field)}${said ? ` — ${said}` : ''}`;
    })
    .join('\n');
}

/** A schema in one line: `string | null`, `ApiKey[]`, `{name, quantity}[]`. */
function typeText(schema: Schema): string {
  if (typeof schema['$ref'] === 'string') return schema['$ref'].replace('#/components/schemas/', '');
  for (const word of ['anyOf', 'oneOf', 'allOf']) {
    if (Array.isArray(schema[word])) return (schema[word] as Schema[]).map(typeText).join(' | ');
  }
  if ('const' in schema) return JSON.stringify(schema['const']);
  const types = [(schema['type'] ?? 'any') as string | string[]].flat();
  if (Array.isArray(schema['enum'])) {
    return (schema['enum'] as unknown[]).map(value => JSON.stringify(value)).join(' | ');
  }
  return types
    .map(type => {
      if (type === 'array') return `${bracketed(typeText((schema['items'] ?? {}) as Schema))}[]`;
      if (type !== 'object') return type;
      const fields = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>).map(([name, field]) =>
        field['type'] === 'array' || '$ref' in field ? `${name}: ${typeText(field)}` : name,
      );
      return fields.length > 0 ? `{${fields.join(', ')}}` : 'object';
    })
    .join(' | ');
}

const bracketed = (type: string): string => (type.includes(' | ') ? `(${type})` : type);
