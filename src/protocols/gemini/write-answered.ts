import type { Block } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { inputObject } from '../tool-input.js';
import { type Seal, unseal } from './seals.js';
import { idOf, writeMedia } from './write-parts.js';
import type { Calls, TurnOptions } from './write-turns.js';

/**
 * What a call is signed with that another vendor's model made, or that lost its signature on the way; newer models refuse one without:
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures
 */
const FOREIGN_SIGNATURE = 'skip_thought_signature_validator';

/** Parts of one answer that are being written, with what they are for the seals to find theirs. */
interface Writing {
  readonly parts: JsonObject[];
  readonly byCall: Map<string, JsonObject>;
}

/** An answer that the model gave before, each signature on the part that it came on (trap 32). */
export function writeAnswered(blocks: readonly Block[], calls: Calls, options: TurnOptions): JsonObject[] {
  const seals = blocks.map(block => (block.type === 'opaque' ? unseal(block.sealed) : undefined));
  const isOurs = seals.some(seal => seal !== undefined);
  const signatures = thoughtSignatures(blocks, seals);
  const writing: Writing = { parts: [], byCall: new Map() };
  if (blocks.some(block => block.type === 'tool-call')) calls.clear();
  blocks.forEach((block, at) => {
    const seal = seals[at];
    if (seal) return writeSealed(seal, writing);
    if (block.type === 'reasoning' && isOurs) {
      // Only signed thoughts go back; the others are summaries for the reader.
      const thoughtSignature = signatures.get(at);
      if (thoughtSignature !== undefined) writing.parts.push({ text: block.text, thought: true, thoughtSignature });
      return;
    }
    writeBlock(block, writing, calls, options);
  });
  for (const seal of seals) if (seal?.signs === 'call') sign(writing.byCall.get(seal.id), seal.signature);
  if (options.signedCalls) signForeign(writing.byCall);
  return writing.parts;
}

/** By the index of the thought: the one behind it, else the next that stands apart, as in dialects that keep seals together. */
function thoughtSignatures(blocks: readonly Block[], seals: readonly (Seal | undefined)[]): Map<number, string> {
  const isThought = (at: number): boolean => blocks[at]?.type === 'reasoning';
  const signatures = new Map<number, string>();
  const apart: string[] = [];
  seals.forEach((seal, at) => {
    if (seal?.signs !== 'thought') return;
    if (isThought(at - 1)) signatures.set(at - 1, seal.signature);
    else apart.push(seal.signature);
  });
  for (const at of blocks.keys()) {
    if (!isThought(at) || signatures.has(at)) continue;
    const signature = apart.shift();
    if (signature === undefined) break;
    signatures.set(at, signature);
  }
  return signatures;
}

/** Of parallel calls the first is signed, for all of them. */
function signForeign(byCall: ReadonlyMap<string, JsonObject>): void {
  const [first] = byCall.values();
  sign(first, FOREIGN_SIGNATURE);
}

function sign(part: JsonObject | undefined, signature: string): void {
  if (part && part.thoughtSignature === undefined) part.thoughtSignature = signature;
}

function writeSealed(seal: Seal, { parts }: Writing): void {
  switch (seal.signs) {
    case 'part':
      parts.push(seal.part);
      return;
    case 'text': {
      const last = parts.findLast(part => 'text' in part && part.thought !== true);
      if (last && last.thoughtSignature === undefined) sign(last, seal.signature);
      else parts.push({ text: '', thoughtSignature: seal.signature });
      return;
    }
    case 'image':
      return sign(
        parts.findLast(part => 'inlineData' in part),
        seal.signature,
      );
    case 'thought': // with its text
    case 'call': // when all calls are there
      return;
  }
}

function writeBlock(block: Block, { parts, byCall }: Writing, calls: Calls, options: TurnOptions): void {
  switch (block.type) {
    case 'text':
      if (block.text !== '') parts.push({ text: block.text });
      return;
    case 'image':
    case 'file':
      return void parts.push(writeMedia(block.source, block.path));
    case 'tool-call': {
      const { id, name, input } = block;
      const part = { functionCall: { ...idOf(id, options.signedCalls), name, args: inputObject(input) } };
      calls.set(id, name);
      byCall.set(id, part);
      return void parts.push(part);
    }
    case 'reasoning':
    case 'opaque':
    case 'audio':
    case 'tool-result':
      return options.drop(block.path);
  }
}
