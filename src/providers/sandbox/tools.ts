import type { JsonObject } from '../../protocols/protocol.js';
import { lastUserMessage, type SandboxRequest, type SandboxTool, textOf } from './request.js';
import { madeFrom } from './structured.js';

/** One call of a caller's tool: `input` is JSON for a function, plain text for a custom tool. */
export interface ToolCall {
  readonly kind: 'function' | 'custom';
  readonly name: string;
  readonly input: string;
}

/** What the sandbox would call for this conversation; empty when it answers in words. */
export function toolCalls(request: SandboxRequest): ToolCall[] {
  const choice = request.tool_choice ?? 'auto';
  const offered = (request.tools ?? []).filter(tool => nameOf(tool) !== undefined);
  if (choice === 'none' || offered.length === 0) return [];
  if (typeof choice === 'object' && !choice.allowed_tools) {
    const name = choice.function?.name ?? choice.custom?.name;
    return offered.filter(tool => nameOf(tool) === name).map(call);
  }
  const allowed = typeof choice === 'object' ? choice.allowed_tools : undefined;
  const names = allowed?.tools.map(({ function: fn, custom }) => fn?.name ?? custom?.name);
  const tools = names ? offered.filter(tool => names.includes(nameOf(tool))) : offered;
  const mode = allowed?.mode ?? choice;
  // After a tool's result the model has what it asked for and answers, unless it must call.
  if (mode === 'auto' && request.messages.at(-1)?.role === 'tool') return [];
  const fitting = fittingTools(tools, request);
  return (request.parallel_tool_calls === false ? fitting.slice(0, 1) : fitting).map(call);
}

/**
 * Every tool that the last user message names, each called once; else the first whose name or description shares a word with the
 * message; else the first.
 */
function fittingTools(tools: readonly SandboxTool[], request: SandboxRequest): SandboxTool[] {
  const last = lastUserMessage(request);
  const said = (last ? textOf(last) : '').toLowerCase();
  const named = tools.filter(tool => said.includes((nameOf(tool) ?? '').toLowerCase()));
  if (named.length > 0) return named;
  const saidWords = new Set(words(said));
  const related = tools.find(tool => words(`${nameOf(tool)} ${descriptionOf(tool)}`).some(word => saidWords.has(word)));
  return [related ?? tools[0]].filter(tool => tool !== undefined);
}

/** Words that can carry a subject: `getWeather` and `get_weather` both speak of the weather. */
function words(text: string): string[] {
  const spaced = text.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return (spaced.match(/\p{L}{4,}/gu) ?? []).filter(word => !COMMON.has(word));
}

const COMMON = new Set('that this with from what when where which will have does please tell about given'.split(' '));

function call(tool: SandboxTool): ToolCall {
  if (tool.custom) return { kind: 'custom', name: tool.custom.name, input: 'sandbox input' };
  const name = tool.function?.name ?? '';
  const schema: JsonObject = tool.function?.parameters ?? { type: 'object' };
  return { kind: 'function', name, input: JSON.stringify(madeFrom(schema, `tools.${name}.parameters`)) };
}

const nameOf = (tool: SandboxTool): string | undefined => tool.function?.name ?? tool.custom?.name;
const descriptionOf = (tool: SandboxTool): string => tool.function?.description ?? tool.custom?.description ?? '';
