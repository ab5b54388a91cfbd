import { LazuError } from '../../errors.js';
import type { JsonObject } from '../../protocols/protocol.js';
import type { SandboxRequest } from './request.js';
import { instanceOf } from './schema/instance.js';
import { Unmakeable } from './schema/resolve.js';

/** A valid instance, or the caller's error with a JSON pointer into its schema. `param` is where the schema stands. */
export function madeFrom(schema: JsonObject, param: string): unknown {
  try {
    return instanceOf(schema);
  } catch (error) {
    if (!(error instanceof Unmakeable)) throw error;
    throw new LazuError('invalid_request', `${param}#${error.message}`, { param });
  }
}

/** The text of an answer that must be JSON; undefined when words will do. */
export function structuredText({ response_format: format }: SandboxRequest, words: string): string | undefined {
  switch (format?.type) {
    case 'json_schema':
      return JSON.stringify(madeFrom(format.json_schema?.schema ?? {}, 'response_format.json_schema.schema'));
    case 'json_object':
      return JSON.stringify({ sandbox: true, answer: words });
    case 'text':
    case undefined:
      return undefined;
  }
}
