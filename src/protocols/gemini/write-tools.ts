import type { Conversation, Tool } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { writeSchema } from './schema.js';

type Drop = (name: string) => void;

/** https://ai.google.dev/gemini-api/docs/function-calling */
export function writeTools({ tools, settings }: Conversation, drop: Drop): JsonObject {
  if (tools.length === 0) return {};
  const functionDeclarations = tools.map(tool => writeTool(tool, drop));
  const calling = callingConfig(tools, settings.toolChoice);
  return { tools: [{ functionDeclarations }], ...(calling && { toolConfig: { functionCallingConfig: calling } }) };
}

/** https://ai.google.dev/gemini-api/docs/function-calling#function_calling_modes */
function callingConfig(tools: readonly Tool[], choice: Conversation['settings']['toolChoice']): JsonObject | undefined {
  switch (choice?.mode) {
    case undefined:
    case 'auto':
      // Text or calls as with AUTO, but calls that match their schema.
      return tools.some(({ strict }) => strict) ? { mode: 'VALIDATED' } : undefined;
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'one':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
  }
}

function writeTool({ name, description, schema, path }: Tool, drop: Drop): JsonObject {
  return {
    name,
    ...(description !== undefined && { description }),
    ...(schema && {
      parametersJsonSchema: writeSchema({ type: 'object', ...schema }, pointer => drop(`${path}${pointer}`)),
    }),
  };
}
