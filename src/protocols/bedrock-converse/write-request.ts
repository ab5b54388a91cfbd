import { LazuError } from '../../errors.js';
import { writeSchema } from '../anthropic-messages/schema.js';
import type { Conversation } from '../conversation.js';
import { cacheMarks, lackingIn } from '../lacks.js';
import type { ForeignUpstream, JsonObject, ModelTraits, WrittenRequest } from '../protocol.js';
import { DocumentNames } from './document-names.js';
import { DROPPED, REFUSED } from './lacks.js';
import { ANSWER_TOOL } from './open-block.js';
import { type WrittenReasoning, writeReasoning } from './write-reasoning.js';
import { mayCallTools, writeTools } from './write-tools.js';
import { writeTurns } from './write-turns.js';

type Drop = (name: string) => void;

/** Converse's request, whose model is in the path: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export const writeRequest: ForeignUpstream['writeRequest'] = (conversation, { traits }) => {
  const { names, turns, unread } = conversation;
  const dropped = new Set(unread);
  const drop: Drop = name => void dropped.add(name);
  for (const setting of lackingIn(conversation, REFUSED)) throw lacking(names[setting]);
  for (const setting of lackingIn(conversation, DROPPED)) drop(names[setting]);

  const toolsInWords = !mayCallTools(conversation);
  const { cacheLifetimes: lifetimes, failedResults = false } = traits;
  if (lifetimes?.length === 0) for (const path of cacheMarks(conversation)) drop(path);
  const context = { drop, lifetimes, documents: new DocumentNames(), toolsInWords, failedResults };
  const { system, messages } = writeTurns(turns, context);
  if (messages.length === 0) {
    const message = 'This model needs at least one message of the user that says something.';
    throw new LazuError('invalid_value', message, { param: 'messages' });
  }
  const reasoning = writeReasoning(conversation, traits, messages);
  if (!reasoning.kept) drop(names.effort);
  const { field: textFormat, tool } = formatOf(conversation, traits, drop);
  const toolConfig = tool ?? writeTools(conversation, traits, drop);
  const inferenceConfig = inferenceOf(conversation, traits, reasoning, drop);
  const outputConfig = { ...textFormat, ...(reasoning.effort && { effort: reasoning.effort }) };

  const body: JsonObject = {
    messages,
    ...(system.length > 0 && { system }),
    ...(hasFields(inferenceConfig) && { inferenceConfig }),
    ...(toolConfig && { toolConfig }),
    ...(hasFields(outputConfig) && { outputConfig }),
    ...(hasFields(reasoning.fields) && { additionalModelRequestFields: reasoning.fields }),
    ...tierOf(conversation, traits, drop),
  };
  return { body, dropped: [...dropped] } satisfies WrittenRequest;
};

const hasFields = (fields: JsonObject): boolean => Object.keys(fields).length > 0;

function lacking(param: string, advice = 'leave it out'): LazuError {
  const message = `This model does not support \`${param}\` here: ${advice}.`;
  return new LazuError('unsupported_parameter', message, { param, retryable: true });
}

/** Some models have others than the standard one: https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html */
function tierOf({ settings, names }: Conversation, { lacks }: ModelTraits, drop: Drop): JsonObject {
  const { serviceTier: type } = settings;
  if (type === undefined || type === 'standard') return {};
  if (!lacks?.includes('serviceTier')) return { serviceTier: { type } };
  drop(names.serviceTier);
  return {};
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html */
function inferenceOf(
  { settings, names }: Conversation,
  { sampling, maxOutputTokens: most = Infinity }: ModelTraits,
  reasoning: WrittenReasoning,
  drop: Drop,
): JsonObject {
  const { temperature, topP, stop, maxOutputTokens: asked } = settings;
  const fields: JsonObject = {};
  if (asked !== undefined) {
    fields.maxTokens = Math.min(asked, most);
    if (asked > most) drop(names.maxOutputTokens);
  } else if (reasoning.maxTokens !== undefined) fields.maxTokens = reasoning.maxTokens;
  const none = sampling === 'none' || reasoning.excludesSampling === true;
  if (temperature !== undefined) {
    if (!none) fields.temperature = Math.min(temperature, 1);
    if (none || temperature > 1) drop(names.temperature);
  }
  if (topP !== undefined) {
    if (none || (sampling === 'one' && temperature !== undefined)) drop(names.topP);
    else fields.topP = topP;
  }
  if (stop) fields.stopSequences = stop;
  return fields;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html; models that lack it are held to the schema by a tool. */
function formatOf(
  { settings, names, tools }: Conversation,
  { schemas = true }: ModelTraits,
  drop: Drop,
): { field: JsonObject; tool?: JsonObject } {
  const { outputFormat: format, effort = 'none' } = settings;
  switch (format?.kind) {
    case undefined:
      return { field: {} };
    case 'json':
      throw lacking(names.outputFormat, 'it writes JSON by a schema only; use `json_schema`');
    case 'schema': {
      if (!schemas) {
        const other = tools.length > 0 ? 'tools' : names.effort;
        if (tools.length > 0 || effort !== 'none')
          throw lacking(names.outputFormat, `it cannot be combined with \`${other}\`; leave one of them out`);
        if (format.schema.type !== 'object') throw lacking(format.path, 'it writes objects only');
        return { field: {}, tool: answerTool(format.schema) };
      }
      const lost: string[] = [];
      const schema = JSON.stringify(writeSchema(format.schema, pointer => lost.push(pointer)));
      const [first] = lost;
      if (format.strict && first !== undefined)
        throw lacking(format.path, `the keyword at ${first} cannot be held to; remove it, or set \`strict\` to false`);
      for (const pointer of lost) drop(format.path + pointer);
      return { field: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema } } } } };
    }
  }
}

const answerTool = (json: JsonObject): JsonObject => ({
  tools: [{ toolSpec: { name: ANSWER_TOOL, description: 'Gives the answer.', inputSchema: { json } } }],
  toolChoice: { tool: { name: ANSWER_TOOL } },
});
