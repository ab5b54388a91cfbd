import type { Conversation, Tool } from '../conversation.js';
import { writeSchema } from '../anthropic-messages/schema.js';
import { strictPath } from '../lacks.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { marked } from './write-blocks.js';

/** `none` and no tools at all are the same to Converse, which has no word for it. */
export const mayCallTools = ({ tools, settings }: Conversation): boolean =>
  tools.length > 0 && settings.toolChoice?.mode !== 'none';

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html */
export function writeTools(
  conversation: Conversation,
  traits: ModelTraits,
  drop: (path: string) => void,
): JsonObject | undefined {
  if (!mayCallTools(conversation)) return undefined;
  const { tools, settings } = conversation;
  const written = tools.flatMap(tool =>
    marked([writeTool(tool, traits, drop)], tool.cache, { lifetimes: traits.cacheLifetimes }),
  );
  switch (settings.toolChoice?.mode) {
    case 'required':
      return { tools: written, toolChoice: { any: {} } };
    case 'one':
      return { tools: written, toolChoice: { tool: { name: settings.toolChoice.name } } };
    case 'auto':
    case 'none':
    case undefined:
      return { tools: written };
  }
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html */
function writeTool(tool: Tool, { schemas = true }: ModelTraits, drop: (path: string) => void): JsonObject {
  const { name, description, schema, strict, path } = tool;
  const given = { type: 'object', ...(schema ?? { properties: {} }) };
  const isHeld = strict && schemas;
  if (strict && !schemas) drop(strictPath(path));
  // The same subset for all models: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
  const json = isHeld ? writeSchema(given, pointer => drop(`${path}${pointer}`)) : given;
  return {
    toolSpec: { name, ...(description && { description }), inputSchema: { json }, ...(isHeld && { strict }) },
  };
}
