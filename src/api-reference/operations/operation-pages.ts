import { exactly, integer, nullable, object, oneOf, text } from '../schemas/schema.js';
import type { Operations } from './operation.js';

const operation = { tag: 'Operation' } as const;
const reference = { tag: 'Reference' } as const;

export const pageOperations: Operations = {
  'GET /healthz': {
    ...operation,
    summary: 'The process runs',
    answer: object({ status: exactly('ok') }),
  },
  'GET /readyz': {
    ...operation,
    summary: 'New traffic is welcome',
    description:
      '503 with the same body while the host is shutting down. A database that is away does not take the host out: known keys are served and records wait in the journal.',
    answer: object({
      status: oneOf(['ready', 'draining']),
      database: oneOf(['up', 'down']),
      redis: nullable(oneOf(['up', 'down'], 'Null: no `REDIS_URL`.')),
      other_instances: integer('Other live hosts on this database.'),
    }),
  },
  'GET /metrics': {
    ...operation,
    summary: 'Prometheus metrics',
    mediaType: 'text/plain',
    answer: text(),
  },
  'GET /openapi.json': { ...reference, summary: 'This document', answer: { type: 'object' } },
  'GET /api-reference': {
    ...reference,
    summary: 'This document, to read and try',
    mediaType: 'text/html',
    answer: text(),
  },
  'GET /llms.txt': {
    ...reference,
    summary: 'The endpoints in short, for language models',
    mediaType: 'text/plain',
    answer: text(),
  },
  'GET /llms-full.txt': {
    ...reference,
    summary: 'The whole reference as Markdown, for language models',
    mediaType: 'text/plain',
    answer: text(),
  },
};
