import type { Block, Conversation, Turn } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { CallIds } from './call-ids.js';
import { type CarriedSeal, readCarried } from './carried.js';
import { field, listIn, objectIn, textIn, unsupported } from './fields.js';
import { readPart, readResponse } from './read-parts.js';
import { readSettings, SETTING_NAMES } from './read-settings.js';
import { readToolChoice, readTools } from './read-tools.js';
import { readUnread } from './read-unread.js';
import { seal } from './seals.js';

/**
 * Gemini's request in neutral form: https://ai.google.dev/api/generate-content#request-body
 * `readFacts` has checked the scalars, and that nothing names a stored object.
 * @throws LazuError `unsupported_parameter`, `missing_required_parameter` or `invalid_request`, with `param`
 */
export function readRequest(body: JsonObject): Conversation {
  const { choice, only } = readToolChoice(body);
  const tools = readTools(body).filter(tool => only?.has(tool.name) ?? true);
  const system = objectIn(body, 'systemInstruction', '');
  const ids = new CallIds();
  const turns: ReadTurn[] = system ? [{ role: 'system', blocks: readParts(system, 'systemInstruction', ids) }] : [];
  listIn(body, 'contents', '').forEach((content, at) => {
    const path = `contents.${at}`;
    const role = roleOf(content, path);
    const blocks = readParts(content, path, ids);
    const last = turns.at(-1);
    // Clients keep an answer that streamed as many contents: they are one turn, in which seals find their place.
    if (role === 'assistant' && last?.role === role) last.blocks.push(...blocks);
    else turns.push({ role, blocks });
  });
  const placed = turns.map(({ role, blocks }): Turn => ({
    role,
    blocks: placeSeals(role === 'assistant' ? joined(blocks) : blocks),
  }));
  const settings = { ...readSettings(body), toolChoice: choice };
  return { turns: placed, tools, settings, names: SETTING_NAMES, unread: readUnread(body) };
}

/** A seal on its way to where it stood. */
interface Waiting extends CarriedSeal {
  readonly type: 'waiting';
  readonly path: string;
}

interface ReadTurn {
  readonly role: Turn['role'];
  readonly blocks: (Block | Waiting)[];
}

/** `function` is what responses were sent as by early clients. */
function roleOf(content: JsonObject, path: string): Turn['role'] {
  const role = field(content, 'role');
  if (role === 'model') return 'assistant';
  if (role === undefined || role === 'user' || role === 'function') return 'user';
  throw unsupported(`${path}.role`, 'must be `user` or `model`; instructions go into `systemInstruction`.');
}

function readParts(content: JsonObject, path: string, ids: CallIds): ReadTurn['blocks'] {
  const blocks: ReadTurn['blocks'] = [];
  const parts = listIn(content, 'parts', path);
  for (let at = 0; at < parts.length; at++) readOne(parts[at]!, `${path}.parts.${at}`, ids, blocks);
  return blocks;
}

function readOne(part: JsonObject, path: string, ids: CallIds, blocks: ReadTurn['blocks']): void {
  const block = readBlock(part, path, ids);
  const says = block.type !== 'text' || block.text !== '';
  const signature = field(part, 'thoughtSignature');
  if (typeof signature !== 'string' || signature === '') {
    if (says) blocks.push(block);
    return;
  }
  const carried = readCarried(signature);
  if (!carried) blocks.push(block, ...signatureOf(block, signature, path));
  else {
    for (const one of carried) blocks.push({ ...one, type: 'waiting', path });
    if (says) blocks.push(block);
  }
}

function readBlock(part: JsonObject, path: string, ids: CallIds): Block {
  const call = objectIn(part, 'functionCall', path);
  if (call) {
    const here = `${path}.functionCall`;
    const name = textIn(call, 'name', here);
    const input = JSON.stringify(objectIn(call, 'args', here) ?? {});
    return { type: 'tool-call', id: ids.called(field(call, 'id'), name), name, input, path: here };
  }
  const response = objectIn(part, 'functionResponse', path);
  if (!response) return readPart(part, path);
  const here = `${path}.functionResponse`;
  const callId = ids.answered(field(response, 'id'), textIn(response, 'name', here), here);
  return { type: 'tool-result', callId, ...readResponse(response, here), path: here };
}

/** Google's own signature: it signs the block before it. */
function signatureOf(block: Block, signature: string, path: string): Block[] {
  switch (block.type) {
    case 'tool-call':
      return [{ type: 'opaque', sealed: seal({ signs: 'call', id: block.id, signature }), path }];
    case 'reasoning':
      return [{ type: 'opaque', sealed: seal({ signs: 'thought', signature }), path }];
    case 'image':
      return [{ type: 'opaque', sealed: seal({ signs: 'image', signature }), path }];
    case 'text':
      return [{ type: 'opaque', sealed: seal({ signs: 'text', signature }), path }];
    case 'audio':
    case 'file':
    case 'tool-result':
    case 'opaque':
      return []; // no other part is signed, and those of Google's own tools hold theirs
  }
}

/**
 * They keep each piece as a part, too: what was one text, or one thought, is one again. A part that is signed stays what was signed:
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
function joined(blocks: ReadTurn['blocks']): ReadTurn['blocks'] {
  if (blocks.length < 2) return blocks;
  const whole: ReadTurn['blocks'] = [];
  blocks.forEach((block, at) => {
    const last = whole.at(-1);
    const goesOn = (block.type === 'text' || block.type === 'reasoning') && !isSeal(blocks[at + 1]);
    if (goesOn && last?.type === block.type) whole[whole.length - 1] = { ...last, text: last.text + block.text };
    else whole.push(block);
  });
  return whole;
}

const isSeal = (block: Block | Waiting | undefined): boolean =>
  block?.type === 'opaque' && block.sealed.protocol === 'gemini';

/** Seals travel on a later part than they stood at: back to before the text since the last call, or to where they came. */
function placeSeals(blocks: ReadTurn['blocks']): Block[] {
  const placed: Block[] = [];
  let start = 0;
  for (const block of blocks) {
    if (block.type !== 'waiting') {
      placed.push(block);
      if (block.type === 'tool-call') start = placed.length;
      continue;
    }
    const { sealed, path, textBefore } = block;
    if (textBefore) placed.push({ type: 'opaque', sealed, path });
    else placed.splice(start++, 0, { type: 'opaque', sealed, path });
  }
  return placed;
}
