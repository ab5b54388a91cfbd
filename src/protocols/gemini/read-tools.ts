import type { Tool, ToolChoice } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { field, fieldsOf, isObject, listIn, objectIn, textIn, unsupported } from './fields.js';
import { readSchema } from './read-schema.js';

/**
 * The functions that may be called. Tools that Google runs are refused, as the answer would miss them.
 * @throws LazuError `unsupported_parameter`, `missing_required_parameter` or `invalid_request`
 */
export function readTools(body: JsonObject): Tool[] {
  return listIn(body, 'tools', '').flatMap((tool, at) => {
    const path = `tools.${at}`;
    for (const [name] of fieldsOf(tool))
      if (name !== 'functionDeclarations')
        throw unsupported(`${path}.${name}`, 'is a tool that this model does not have.');
    const within = `${path}.functionDeclarations`;
    return listIn(tool, 'functionDeclarations', path).map((one, index) => readFunction(one, `${within}.${index}`));
  });
}

function readFunction(declaration: JsonObject, path: string): Tool {
  const description = field(declaration, 'description');
  const json = field(declaration, 'parametersJsonSchema');
  const openApi = objectIn(declaration, 'parameters', path);
  return {
    name: textIn(declaration, 'name', path),
    description: typeof description === 'string' ? description : undefined,
    schema: isObject(json) ? json : openApi && readSchema(openApi),
    strict: false,
    path: isObject(json) ? `${path}.parametersJsonSchema` : `${path}.parameters`,
  };
}

/**
 * https://ai.google.dev/api/caching#FunctionCallingConfig
 * `only`: the functions that may be called, where the config names some.
 */
export function readToolChoice(body: JsonObject): { choice?: ToolChoice; only?: ReadonlySet<string> } {
  const path = 'toolConfig.functionCallingConfig';
  const config = objectIn(objectIn(body, 'toolConfig', '') ?? {}, 'functionCallingConfig', 'toolConfig') ?? {};
  const mode = field(config, 'mode');
  const named = field(config, 'allowedFunctionNames');
  const names = Array.isArray(named) ? named.filter(name => typeof name === 'string') : [];
  const only = names.length > 0 ? { only: new Set(names) } : {};
  switch (mode) {
    case undefined:
    case 'MODE_UNSPECIFIED':
    case 'AUTO':
    case 'VALIDATED': // calls that fit their schema: what other models try anyway
      return only;
    case 'NONE':
      return { choice: { mode: 'none' } };
    case 'ANY':
      return { choice: names.length === 1 ? { mode: 'one', name: names[0]! } : { mode: 'required' }, ...only };
    default:
      throw unsupported(`${path}.mode`, 'must be AUTO, ANY, NONE or VALIDATED.');
  }
}
