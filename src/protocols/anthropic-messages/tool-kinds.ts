import type { JsonObject } from '../protocol.js';
import type { CallDimension } from '../usage.js';

/**
 * Who runs a tool: the caller, by a schema of their own (`own`) or one that Claude knows by heart (`known`), or the vendor (`server`).
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview
 */
export type ToolKind = 'own' | 'known' | 'server';

/** Types end in a date: `web_search_20250305`. */
const KNOWN = /^(?:bash|text_editor|computer|memory)_\d{8}$/;

/** What the vendor charges for by the call; nothing: included in the tokens. What is still to be invented costs something. */
const SERVER_TOOLS: readonly (readonly [type: RegExp, dimension: CallDimension | undefined])[] = [
  [/^web_search_/, 'tool_web_search'],
  [/^code_execution_/, 'tool_code_execution'],
  // https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool#usage-and-pricing
  [/^web_fetch_/, undefined],
  // https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool
  [/^tool_search_tool_/, undefined],
  [/./, 'tool_other'],
];

export function toolKind({ type }: JsonObject): ToolKind {
  if (type === undefined || type === null || type === 'custom') return 'own';
  return KNOWN.test(named(type)) ? 'known' : 'server';
}

/** The dimension that a server tool is charged in. */
export function dimensionOf({ type }: JsonObject): CallDimension | undefined {
  return SERVER_TOOLS.find(([types]) => types.test(named(type)))?.[1];
}

/** Tools that only find tools which were sent along: whoever is sent all of them needs no search. */
export const isToolSearch = ({ type }: JsonObject): boolean => /^tool_search_tool_/.test(named(type));

const named = (type: unknown): string => (typeof type === 'string' ? type : '?');
