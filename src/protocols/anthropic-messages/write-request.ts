import { LazuError } from '../../errors.js';
import type { Conversation, Settings, Tool } from '../conversation.js';
import { lackingIn } from '../lacks.js';
import type { ForeignUpstream, JsonObject, ModelTraits, WrittenRequest } from '../protocol.js';
import { DROPPED, REFUSED, SERVICE_TIERS } from './lacks.js';
import { writeSchema } from './schema.js';
import { writeReasoning } from './write-reasoning.js';
import { cached, writeTurns, type WrittenTurns } from './write-turns.js';

/** Output tokens when neither caller nor catalog names a number: Anthropic must be told one. */
const DEFAULT_MAX_TOKENS = 8_192;

/** Anthropic's request: https://platform.claude.com/docs/en/api/messages/create */
export const writeRequest: ForeignUpstream['writeRequest'] = (conversation, { model, stream, traits }) => {
  const { settings, names, turns, unread } = conversation;
  const dropped = new Set(unread);
  const drop = (name: string): void => void dropped.add(name);
  for (const setting of lackingIn(conversation, REFUSED)) throw lacking(names[setting]);
  for (const setting of lackingIn(conversation, DROPPED)) drop(names[setting]);

  const { system, messages } = writeTurns(turns, drop);
  if (messages.length === 0) {
    const message = 'This model needs at least one message of the user that says something.';
    throw new LazuError('invalid_value', message, { param: 'messages' });
  }
  const most = traits.maxOutputTokens ?? Infinity;
  const asked = settings.maxOutputTokens ?? traits.maxOutputTokens ?? DEFAULT_MAX_TOKENS;
  const maxTokens = Math.min(asked, most);
  if (asked > most) drop(names.maxOutputTokens);
  const reasoning = reasoningOf(conversation, traits, maxTokens, messages, drop);
  const format = formatOf(conversation);
  for (const pointer of format.lost) drop(pointer);
  const outputConfig = { ...(reasoning.effort && { effort: reasoning.effort }), ...format.field };

  const body: JsonObject = {
    model,
    max_tokens: maxTokens,
    messages,
    ...(system.length > 0 && { system }),
    ...toolsOf(conversation, traits, drop),
    ...samplingOf(conversation, traits, isThinking(reasoning.thinking), drop),
    ...(settings.stop && { stop_sequences: settings.stop }),
    ...(reasoning.thinking && { thinking: reasoning.thinking }),
    ...(Object.keys(outputConfig).length > 0 && { output_config: outputConfig }),
    ...(settings.user !== undefined && { metadata: { user_id: settings.user } }),
    ...tierOf(conversation, traits, drop),
    ...(stream && { stream }),
  };
  return { body, dropped: [...dropped] } satisfies WrittenRequest;
};

const isForced = ({ toolChoice }: Settings): boolean => toolChoice?.mode === 'required' || toolChoice?.mode === 'one';

function lacking(param: string, advice = 'leave it out'): LazuError {
  const message = `This model does not support \`${param}\` here: ${advice}.`;
  return new LazuError('unsupported_parameter', message, { param, retryable: true });
}

/**
 * Thinking gives way to a forced tool, which forbids it, and to a turn under way that lacks the thoughts it began with:
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking#extended-thinking-with-tool-use
 */
function reasoningOf(
  { settings, names }: Conversation,
  traits: ModelTraits,
  maxTokens: number,
  messages: WrittenTurns['messages'],
  drop: (name: string) => void,
) {
  if (settings.effort === undefined) return {};
  const last = messages.findLast(({ role }) => role === 'assistant')?.content;
  const thoughtless =
    last?.some(({ type }) => type === 'tool_use') === true &&
    last[0]?.type !== 'thinking' &&
    last[0]?.type !== 'redacted_thinking';
  const may = !isForced(settings) && !(traits.reasoning === 'budget' && thoughtless);
  const { fields, kept } = writeReasoning(settings.effort, traits, maxTokens, may);
  if (!kept) drop(names.effort);
  return fields;
}

const isThinking = (thinking: JsonObject | undefined): boolean =>
  thinking !== undefined && thinking.type !== 'disabled';

/** Anthropic's temperature ends at 1. Some models take one of the two, newer ones neither, and none changes it while it thinks. */
function samplingOf(
  { settings, names }: Conversation,
  { sampling }: ModelTraits,
  thinks: boolean,
  drop: (name: string) => void,
): JsonObject {
  const { temperature, topP, topK } = settings;
  const fields: JsonObject = {};
  if (temperature !== undefined) {
    if (sampling === 'none' || thinks) drop(names.temperature);
    else fields.temperature = Math.min(temperature, 1);
    if (temperature > 1) drop(names.temperature);
  }
  if (topP !== undefined) {
    if (sampling === 'none' || thinks || (sampling === 'one' && temperature !== undefined)) drop(names.topP);
    else fields.top_p = topP;
  }
  if (topK !== undefined) {
    if (sampling === 'none' || thinks) drop(names.topK);
    else fields.top_k = topK;
  }
  return fields;
}

function tierOf({ settings, names }: Conversation, { lacks }: ModelTraits, drop: (name: string) => void): JsonObject {
  const { serviceTier } = settings;
  if (serviceTier === undefined) return {};
  const tier = lacks?.includes('serviceTier') ? undefined : SERVICE_TIERS[serviceTier];
  if (tier !== undefined) return { service_tier: tier };
  drop(names.serviceTier);
  return {};
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools */
function toolsOf(
  { tools, settings, names }: Conversation,
  traits: ModelTraits,
  drop: (name: string) => void,
): JsonObject {
  if (tools.length === 0) return {};
  const { toolChoice, parallelToolCalls } = settings;
  // https://platform.claude.com/docs/en/about-claude/models/migration-guide: models that cannot but think refuse a forced tool
  if (isForced(settings) && traits.reasoning === 'always')
    throw lacking(names.toolChoice, 'it always thinks first, which a forced tool forbids; use `auto` or `none`');
  const one = parallelToolCalls === false && toolChoice?.mode !== 'none' ? { disable_parallel_tool_use: true } : {};
  const written = tools.map(tool => writeTool(tool, drop));
  switch (toolChoice?.mode) {
    case undefined:
      return { tools: written, ...(parallelToolCalls === false && { tool_choice: { type: 'auto', ...one } }) };
    case 'auto':
    case 'none':
      return { tools: written, tool_choice: { type: toolChoice.mode, ...one } };
    case 'required':
      return { tools: written, tool_choice: { type: 'any', ...one } };
    case 'one':
      return { tools: written, tool_choice: { type: 'tool', name: toolChoice.name, ...one } };
  }
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/strict-tool-use */
function writeTool({ name, description, schema, strict, path, cache }: Tool, drop: (name: string) => void): JsonObject {
  const given = { type: 'object', ...(schema ?? { properties: {} }) };
  const input = strict ? writeSchema(given, pointer => drop(`${path}${pointer}`)) : given;
  return cached(
    { name, ...(description !== undefined && { description }), input_schema: input, ...(strict && { strict }) },
    cache,
  );
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs */
function formatOf({ settings, names }: Conversation): { field: JsonObject; lost: string[] } {
  const { outputFormat: format } = settings;
  switch (format?.kind) {
    case undefined:
      return { field: {}, lost: [] };
    case 'json':
      throw lacking(names.outputFormat, 'it writes JSON by a schema only; use `json_schema`');
    case 'schema': {
      const lost: string[] = [];
      const schema = writeSchema(format.schema, pointer => lost.push(pointer));
      const [first] = lost;
      if (format.strict && first !== undefined)
        throw lacking(format.path, `the keyword at ${first} cannot be held to; remove it, or set \`strict\` to false`);
      return { field: { format: { type: 'json_schema', schema } }, lost: lost.map(pointer => format.path + pointer) };
    }
  }
}
