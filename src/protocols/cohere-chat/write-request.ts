import { LazuError } from '../../errors.js';
import type { Conversation, Effort, Tool } from '../conversation.js';
import { cacheMarks, lackingIn, strictPath } from '../lacks.js';
import type { ForeignUpstream, JsonObject, ModelTraits, WrittenRequest } from '../protocol.js';
import { DROPPED, MOST_STOPS, REFUSED } from './lacks.js';
import { writeSchema } from './schema.js';
import { writeTurns } from './write-turns.js';

type Drop = (name: string) => void;

/** Cohere's chat request: https://docs.cohere.com/reference/chat */
export const writeRequest: ForeignUpstream['writeRequest'] = (conversation, { model, stream, traits }) => {
  const { settings, names, turns, unread } = conversation;
  const dropped = new Set(unread);
  const drop: Drop = name => void dropped.add(name);
  for (const setting of lackingIn(conversation, REFUSED)) throw lacking(names[setting]);
  for (const setting of lackingIn(conversation, DROPPED)) drop(names[setting]);
  for (const path of cacheMarks(conversation)) drop(path);

  const messages = writeTurns(turns, traits.reasoning !== 'none', drop);
  if (messages.length === 0) {
    const message = 'This model needs at least one message that says something.';
    throw new LazuError('invalid_value', message, { param: 'messages' });
  }
  const { seed, stop } = settings;
  if (stop && stop.length > MOST_STOPS) throw lacking(names.stop, `give at most ${MOST_STOPS} sequences`);
  const format = formatOf(conversation, messages, drop);

  const body: JsonObject = {
    model,
    messages: format.hint ? [format.hint, ...messages] : messages,
    ...toolsOf(conversation, drop),
    ...format.fields,
    ...numbersOf(conversation, traits, drop),
    ...(stop && { stop_sequences: stop }),
    ...(seed !== undefined && { seed }),
    ...thinkingOf(conversation, traits, drop),
    stream,
  };
  return { body, dropped: [...dropped] } satisfies WrittenRequest;
};

function lacking(param: string, advice = 'leave it out'): LazuError {
  const message = `This model does not support \`${param}\` here: ${advice}.`;
  return new LazuError('unsupported_parameter', message, { param, retryable: true });
}

/** Bounds are narrower than OpenAI's: what lies outside is clamped and reported. */
function numbersOf({ settings, names }: Conversation, { maxOutputTokens }: ModelTraits, drop: Drop): JsonObject {
  const fields: JsonObject = {};
  const set = (
    field: string,
    setting: 'temperature' | 'topP' | 'topK' | 'presencePenalty' | 'frequencyPenalty' | 'maxOutputTokens',
    min: number,
    max: number,
  ) => {
    const value = settings[setting];
    if (value === undefined) return;
    fields[field] = Math.min(Math.max(value, min), max);
    if (value < min || value > max) drop(names[setting]);
  };
  set('max_tokens', 'maxOutputTokens', 1, maxOutputTokens ?? Infinity);
  set('temperature', 'temperature', 0, 1);
  set('p', 'topP', 0.01, 0.99);
  set('k', 'topK', 0, 500);
  set('presence_penalty', 'presencePenalty', 0, 1);
  set('frequency_penalty', 'frequencyPenalty', 0, 1);
  return fields;
}

/** Tokens to think in: https://docs.cohere.com/docs/reasoning#limiting-reasoning-tokens. More effort than these has no bound. */
const BUDGETS: Readonly<Partial<Record<Effort, number>>> = { minimal: 512, low: 1_024, medium: 4_096 };

function thinkingOf({ settings, names }: Conversation, { reasoning }: ModelTraits, drop: Drop): JsonObject {
  const { effort } = settings;
  if (effort === undefined) return {};
  if (reasoning === 'none') {
    if (effort !== 'none') drop(names.effort);
    return {};
  }
  if (effort === 'none') return { thinking: { type: 'disabled' } };
  const budget = BUDGETS[effort];
  return { thinking: { type: 'enabled', ...(budget !== undefined && { token_budget: budget }) } };
}

/** https://docs.cohere.com/docs/tool-use-usage-patterns#forcing-tool-usage: one tool is forced by offering no other. */
function toolsOf({ tools, settings }: Conversation, drop: Drop): JsonObject {
  const { toolChoice: choice } = settings;
  const offered = choice?.mode === 'one' ? tools.filter(({ name }) => name === choice.name) : tools;
  if (offered.length === 0) return {};
  const isForced = choice?.mode === 'required' || choice?.mode === 'one';
  // One switch for all tools, each of which then needs a required field:
  // https://docs.cohere.com/docs/structured-outputs#structured-outputs-tools
  const isStrict = offered.every(
    ({ strict, schema }) => strict && Array.isArray(schema?.required) && schema.required.length > 0,
  );
  if (!isStrict) for (const { strict, path } of offered) if (strict) drop(strictPath(path));
  return {
    tools: offered.map(tool => writeTool(tool, drop)),
    ...(isStrict && { strict_tools: true }),
    ...(isForced && { tool_choice: 'REQUIRED' }),
    ...(choice?.mode === 'none' && { tool_choice: 'NONE' }),
  };
}

function writeTool({ name, description, schema, path, strict }: Tool, drop: Drop): JsonObject {
  const given = schema ?? { type: 'object', properties: {} };
  const parameters = strict ? writeSchema(given, pointer => drop(path + pointer)) : given;
  return { type: 'function', function: { name, ...(description !== undefined && { description }), parameters } };
}

/** https://docs.cohere.com/docs/structured-outputs#structured-outputs-json */
function formatOf(
  { settings, tools, names }: Conversation,
  messages: readonly JsonObject[],
  drop: Drop,
): { fields: JsonObject; hint?: JsonObject } {
  const { outputFormat: format } = settings;
  if (!format) return { fields: {} };
  if (tools.length > 0) throw lacking(names.outputFormat, 'it cannot be had together with tools');
  if (format.kind === 'json') {
    const fields = { response_format: { type: 'json_object' } };
    // Without a word about it the model may go on for ever: same page.
    if (/json/i.test(JSON.stringify(messages))) return { fields };
    return { fields, hint: { role: 'system', content: 'Answer with a JSON object.' } };
  }
  const lost: string[] = [];
  const schema = writeSchema(format.schema, pointer => lost.push(pointer));
  const [first] = lost;
  if (format.strict && first !== undefined)
    throw lacking(format.path, `the keyword at ${first} cannot be held to; remove it, or set \`strict\` to false`);
  for (const pointer of lost) drop(format.path + pointer);
  return { fields: { response_format: { type: 'json_object', json_schema: schema } } };
}
