import type { JsonObject } from '../protocol.js';
import { object, text } from './wire.js';

type Node = Record<string | number, unknown>;

/** `foo`, `[0]` or `['a b']` of `$.foo[0]['a b']`: https://datatracker.ietf.org/doc/html/rfc9535#section-2.7 */
const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]/y;

/**
 * Arguments of a call that come piece by piece, each with its place:
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc
 */
export class PartialArgs {
  #root: JsonObject = Object.create(null) as JsonObject;

  /** The arguments came whole. */
  set(args: JsonObject): void {
    this.#root = args;
  }

  /** A string goes on where the same place has one; any other value stands for itself. */
  add(piece: JsonObject): void {
    const path = stepsOf(text(piece.jsonPath));
    const last = path.pop();
    if (last === undefined) return;
    let node: Node = this.#root;
    path.forEach((step, at) => {
      const inside = node[step];
      const next = typeof inside === 'object' && inside !== null ? (inside as Node) : container(path[at + 1] ?? last);
      put(node, step, next);
      node = next;
    });
    const before = node[last];
    if (typeof piece.stringValue === 'string')
      put(node, last, typeof before === 'string' ? before + piece.stringValue : piece.stringValue);
    else put(node, last, piece.numberValue ?? piece.boolValue ?? null);
  }

  json(): string {
    return JSON.stringify(object(this.#root));
  }
}

const container = (step: string | number): Node =>
  typeof step === 'number' ? ([] as unknown as Node) : (Object.create(null) as Node);

/** A list grows one by one, whatever index a garbled path names. */
function put(node: Node, step: string | number, value: unknown): void {
  node[Array.isArray(node) ? Math.min(Number(step) || 0, node.length) : step] = value;
}

function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  STEP.lastIndex = path.startsWith('$') ? 1 : 0;
  for (let match = STEP.exec(path); match; match = STEP.exec(path)) {
    const [, name, index, quoted] = match;
    steps.push(index === undefined ? (name ?? (quoted ?? '').replace(/\\(.)/g, '$1')) : Number(index));
  }
  return steps;
}
