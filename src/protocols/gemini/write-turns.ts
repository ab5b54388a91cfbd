import { LazuError } from '../../errors.js';
import type { Block, Turn } from '../conversation.js';
import { detailPath } from '../lacks.js';
import type { JsonObject } from '../protocol.js';
import { writeAnswered } from './write-answered.js';
import { writeAudio, writeMedia, writeResult } from './write-parts.js';

interface Content {
  readonly role: 'user' | 'model';
  readonly parts: JsonObject[];
}

export interface WrittenTurns {
  readonly system: JsonObject[];
  readonly contents: Content[];
}

export interface TurnOptions {
  /** `ModelTraits.signedCalls` */
  readonly signedCalls: boolean;
  /** Told the path of what cannot be said. */
  readonly drop: (path: string) => void;
}

/** The calls of the latest answer, by id: their names, in order. */
export type Calls = Map<string, string>;

/**
 * Turns as Gemini wants them: what the system says stands outside, and those of one role that follow each other are one, so that all
 * results of parallel calls come in one, in the order of the calls: https://ai.google.dev/gemini-api/docs/function-calling#parallel_function_calling
 */
export function writeTurns(turns: readonly Turn[], options: TurnOptions): WrittenTurns {
  const system: JsonObject[] = [];
  const contents: Content[] = [];
  const calls: Calls = new Map();
  for (const { role, blocks } of joined(turns)) {
    if (role === 'system') {
      system.push(...blocks.flatMap(writeSystem));
      continue;
    }
    const parts = role === 'assistant' ? writeAnswered(blocks, calls, options) : writeAsked(blocks, calls, options);
    append(contents, role === 'assistant' ? 'model' : 'user', parts);
  }
  return { system, contents };
}

/** Between two turns of one role an answer may have stood of which nothing was left. */
function append(contents: Content[], role: Content['role'], parts: readonly JsonObject[]): void {
  if (parts.length === 0) return;
  const last = contents.at(-1);
  if (last?.role === role) last.parts.push(...parts);
  else contents.push({ role, parts: [...parts] });
}

/** Turns that say something, those of one role as one; the system's stand apart and divide nothing. */
function joined(turns: readonly Turn[]): Turn[] {
  const system = turns.filter(({ role }) => role === 'system');
  const others: Turn[] = [];
  for (const turn of turns) {
    const last = others.at(-1);
    if (turn.role === 'system' || turn.blocks.every(isEmpty)) continue;
    if (last?.role !== turn.role) others.push(turn);
    else others[others.length - 1] = { ...last, blocks: [...last.blocks, ...turn.blocks] };
  }
  return [...system, ...others];
}

const isEmpty = (block: Block): boolean => block.type === 'text' && block.text === '';

/** https://ai.google.dev/api/generate-content#FIELDS.system_instruction: text only */
function writeSystem(block: Block): JsonObject[] {
  if (block.type !== 'text') {
    const message = `\`${block.path}\`: this model takes text only from the system.`;
    throw new LazuError('unsupported_parameter', message, { param: block.path, retryable: true });
  }
  return block.text === '' ? [] : [{ text: block.text }];
}

/** Results come before whatever else the user says. */
function writeAsked(blocks: readonly Block[], calls: Calls, options: TurnOptions): JsonObject[] {
  const { signedCalls, drop } = options;
  const order = [...calls.keys()];
  const results: { at: number; part: JsonObject }[] = [];
  const others = blocks.flatMap((block): JsonObject[] => {
    switch (block.type) {
      case 'text':
        return block.text === '' ? [] : [{ text: block.text }];
      case 'image':
        if (block.detail !== undefined) drop(detailPath(block.path));
        return [writeMedia(block.source, block.path)];
      case 'file':
        return [writeMedia(block.source, block.path)];
      case 'audio':
        return [writeAudio(block)];
      case 'tool-result': {
        const name = calls.get(block.callId) ?? (block.callId.replace(/[^\w.:-]/g, '_') || '_');
        const { response, beside } = writeResult(block, name, signedCalls);
        results.push({ at: order.indexOf(block.callId), part: response });
        return beside;
      }
      case 'tool-call':
      case 'reasoning':
      case 'opaque':
        drop(block.path);
        return [];
    }
  });
  results.sort((one, other) => one.at - other.at);
  return [...results.map(({ part }) => part), ...others];
}
