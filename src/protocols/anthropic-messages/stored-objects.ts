import { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';
import { isAbsent } from '../scalars.js';

/** Fields of a request that a shared gateway refuses, and why. Operators' credentials are shared by tenants (contract §4). */
export const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  // Containers, their files and custom skills are stored: https://platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool#container-reuse
  container: 'names an object stored at the model provider, which a shared gateway cannot pass on. Leave it out.',
  // A server's address may lead through a tunnel into the operator's own network, whoever asks for it:
  // https://platform.claude.com/docs/en/agents-and-tools/mcp-connector
  mcp_servers:
    'would be called in the name of the operator of this gateway, private networks included. Call the server yourself, and offer its tools as `tools`.',
  // Another model than the one that was asked for, held for and priced: https://platform.claude.com/docs/en/api/messages/create
  fallbacks: 'lets another model answer than the one that is priced. Leave it out.',
  // Hosts of this protocol take betas in the body, where the allow-list of the header does not look:
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
  anthropic_beta: 'is sent as the header `anthropic-beta`.',
  anthropic_version: 'is sent as the header `anthropic-version`.',
  fallback_credit_token: 'is about the bill of the operator of this gateway. Leave it out.',
};

/** Values that cost more than the price of a model says, and which its usage does not tell apart in dimensions. */
const DEARER: Readonly<Record<string, readonly unknown[]>> = {
  // https://platform.claude.com/docs/en/build-with-claude/fast-mode
  speed: ['standard'],
  // https://platform.claude.com/docs/en/build-with-claude/data-residency
  inference_geo: ['global', 'not_available'],
};

/** Some upstreams match names whatever their case (Go's encoding/json): `Model` would be read there and not here. */
const GUARDED: ReadonlySet<string> = new Set([...Object.keys(REFUSED_FIELDS), 'model', 'stream', 'max_tokens']);
const CAPITAL = /[A-Z]/;

/** @throws LazuError `unsupported_parameter` */
export function refuseFields(body: JsonObject): void {
  for (const field in body) {
    const value = body[field];
    if (isAbsent(value)) continue;
    const why = REFUSED_FIELDS[field];
    if (why !== undefined) throw refused(field, why);
    const included = DEARER[field];
    if (included && !included.includes(value))
      throw refused(field, 'costs extra, and is not offered here. Leave it out.');
    if (CAPITAL.test(field) && GUARDED.has(field.toLowerCase()))
      throw refused(field, 'is not a field of this request; names are in lower case.');
  }
}

/** A block that names a file: https://platform.claude.com/docs/en/build-with-claude/files */
export function storedFile(param: string): LazuError {
  const why =
    'names an object stored at the model provider, which a shared gateway cannot pass on. Send the content itself.';
  return refused(param, why);
}

const refused = (param: string, why: string): LazuError =>
  new LazuError('unsupported_parameter', `\`${param}\` ${why}`, { param });
