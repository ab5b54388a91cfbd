import type { JsonObject, ModelTraits, ProtocolName } from '../../protocols/protocol.js';
import type { Outgoing } from '../provider.js';

type Traits = Omit<ModelTraits, 'maxOutputTokens'>;

const UP_TO_HIGH = ['low', 'medium', 'high'];
const UP_TO_XHIGH = [...UP_TO_HIGH, 'xhigh'];
const UP_TO_MAX = [...UP_TO_XHIGH, 'max'];

const plain: Traits = { reasoning: 'none', sampling: 'both', efforts: [] };
const always = (efforts: readonly string[]): Traits => ({ reasoning: 'always', sampling: 'none', efforts });
/** Temperature is taken while it does not think. */
const asked = (efforts: readonly string[]): Traits => ({
  reasoning: 'asked',
  sampling: 'both',
  efforts: ['none', ...efforts],
});
const unlessNone = (efforts: readonly string[]): Traits => ({ ...asked(efforts), reasoning: 'default' });

/**
 * Which efforts a model knows, and whether it thinks unasked, by its name; the first that fits.
 * https://platform.openai.com/docs/guides/reasoning#reasoning-effort and the pages under https://platform.openai.com/docs/models
 */
const GENERATIONS: readonly (readonly [names: RegExp, traits: Traits])[] = [
  [/^o\d/, always(UP_TO_HIGH)],
  [/^gpt-5-chat/, plain],
  [/chat-latest$/, always(['medium'])],
  [/^gpt-5-pro/, always(['high'])],
  [/^gpt-5\.\d-pro/, always(['medium', 'high', 'xhigh'])],
  [/^gpt-5\.(?:1-codex-max|[2-9]-codex)/, always(UP_TO_XHIGH)],
  [/^gpt-5[\d.]*-codex|^codex/, always(UP_TO_HIGH)],
  [/^gpt-5(?:-|$)/, always(['minimal', ...UP_TO_HIGH])],
  [/^gpt-5\.1(?:-|$)/, asked(UP_TO_HIGH)],
  [/^gpt-5\.[2-4](?:-|$)/, asked(UP_TO_XHIGH)],
  [/^gpt-5\.5(?:-|$)/, unlessNone(UP_TO_XHIGH)],
  [/^gpt-6-astra|^gpt-6\.1-sol/, always(UP_TO_MAX)],
  [/^gpt-(?:5\.[6-9]|[6-9]|\d\d)/, unlessNone(UP_TO_MAX)],
];

export const modelTraits = (model: string): Traits =>
  GENERATIONS.find(([names]) => names.test(baseOf(model)))?.[1] ?? plain;

/** A model that was trained further is what it was trained from: `ft:gpt-4.1-2025-04-14:…` */
const baseOf = (model: string): string => model.replace(/^ft:/, '');

/**
 * "ResponsesOnlyModel" of OpenAI's own specification, and what has come since: https://platform.openai.com/docs/models
 * Azure serves models of others as well, such as `DeepSeek-V4-Pro`.
 */
const ONLY_RESPONSES: readonly RegExp[] = [
  /^(?:gpt-[\d.]+|o\d)(?:-\w+)?-pro(?:-|$)/,
  /^gpt-[\d.]+-codex|^codex/,
  /^o\d.*deep-research/,
  /^computer-use/,
  /^gpt-.*(?:cyber|daybreak)/,
];

/** docs/decisions/2026-11-23-which-language-of-openai.md says why. */
export function protocolsFor(model: string): readonly ProtocolName[] {
  if (ONLY_RESPONSES.some(names => names.test(model))) return ['openai-responses'];
  return modelTraits(model).reasoning === 'none'
    ? ['openai-chat', 'openai-responses']
    : ['openai-responses', 'openai-chat'];
}

/** Since then chat refuses tools to a model that thinks. */
const NO_TOOLS_WITH_THOUGHTS = /^gpt-(?:5\.[4-9]|[6-9]|\d\d)/;

/**
 * "Function tools with reasoning_effort are not supported … To use function tools, use /v1/responses": asked for or by default.
 * https://platform.openai.com/docs/guides/deployment-checklist
 */
export function mustTranslate(
  model: string,
  from: ProtocolName,
  { tools, reasoning_effort: effort }: JsonObject,
): boolean {
  if (from !== 'openai-chat' || !Array.isArray(tools) || !tools.some(isFunction)) return false;
  if (!NO_TOOLS_WITH_THOUGHTS.test(baseOf(model))) return false;
  const { reasoning } = modelTraits(model);
  return reasoning === 'always' || (effort ?? (reasoning === 'asked' ? 'none' : undefined)) !== 'none';
}

const isFunction = (tool: unknown): boolean => (tool as { type?: unknown } | null)?.type === 'function';

/** The first generation has no summaries: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning#api--feature-support */
const WITHOUT_SUMMARY = /^o1|^o3-mini/;

export function withoutSummary(body: JsonObject, { model }: Outgoing): JsonObject {
  if (body.reasoning === undefined || !WITHOUT_SUMMARY.test(model)) return body;
  const { reasoning, ...rest } = body;
  const { summary: _, ...kept } = reasoning as JsonObject;
  return Object.keys(kept).length > 0 ? { ...rest, reasoning: kept } : rest;
}
