import { LazuError } from '../../errors.js';
import type { Conversation, Tool } from '../conversation.js';
import { strictSchema } from '../openai-chat/strict-schema.js';
import type { JsonObject } from '../protocol.js';

type Drop = (name: string) => void;

/** Who wrote in OpenAI's other dialect meant its schemas for OpenAI: they go as they are. */
const isMeantForUs = ({ unreadOf }: Conversation): boolean => unreadOf?.dialect === 'openai-chat';

/** Flat, and strict unless told not to be: https://platform.openai.com/docs/guides/migrate-to-responses */
export function writeTools(conversation: Conversation, drop: Drop): JsonObject {
  const { tools, settings } = conversation;
  if (tools.length === 0) return {};
  const { toolChoice, parallelToolCalls } = settings;
  const choice = toolChoice?.mode === 'one' ? { type: 'function', name: toolChoice.name } : toolChoice?.mode;
  return {
    tools: tools.map(tool => writeTool(tool, isMeantForUs(conversation), drop)),
    ...(choice !== undefined && { tool_choice: choice }),
    ...(parallelToolCalls === false && { parallel_tool_calls: false }),
  };
}

/** A schema that cannot be held to goes as it is, and the model tries to match it. */
function writeTool({ name, description, schema, strict, path }: Tool, asIs: boolean, drop: Drop): JsonObject {
  const given = schema ?? { type: 'object', properties: {}, required: [], additionalProperties: false };
  const { schema: held, lost, loose } = strict && !asIs ? strictSchema(given) : { schema: given, lost: [], loose: [] };
  const tooMuch = [...lost, ...loose];
  for (const pointer of tooMuch) drop(path + pointer);
  const isStrict = strict && tooMuch.length === 0;
  const said = description === undefined ? {} : { description };
  return { type: 'function', name, ...said, parameters: isStrict ? held : given, strict: isStrict };
}

/**
 * The format of the output: https://platform.openai.com/docs/guides/structured-outputs?api-mode=responses
 * @throws LazuError `unsupported_parameter` for a strict schema with keywords that cannot be held to
 */
export function writeFormat(conversation: Conversation, drop: Drop): JsonObject | undefined {
  const { outputFormat: format } = conversation.settings;
  switch (format?.kind) {
    case undefined:
      return undefined;
    case 'json':
      return { type: 'json_object' };
    case 'schema': {
      const name = 'answer';
      if (isMeantForUs(conversation))
        return { type: 'json_schema', name, schema: format.schema, strict: format.strict };
      const { schema, lost, loose } = strictSchema(format.schema);
      const [first] = lost;
      if (format.strict && first !== undefined) {
        const message = `\`${format.path}\`: the keyword at ${first} cannot be held to; remove it, or set \`strict\` to false.`;
        throw new LazuError('unsupported_parameter', message, { param: format.path, retryable: true });
      }
      const strict = format.strict && loose.length === 0;
      if (format.strict && !strict) for (const pointer of loose) drop(format.path + pointer);
      return { type: 'json_schema', name, schema: strict ? schema : format.schema, strict };
    }
  }
}

/** The word must stand in a message: https://platform.openai.com/docs/guides/structured-outputs?api-mode=responses#json-mode */
export function withJsonHint(input: JsonObject[], format: JsonObject | undefined): JsonObject[] {
  if (format?.type !== 'json_object' || /json/i.test(JSON.stringify(input))) return input;
  return [{ type: 'message', role: 'system', content: 'Answer with a JSON object.' }, ...input];
}
