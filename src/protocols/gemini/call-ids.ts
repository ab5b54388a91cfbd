import { LazuError } from '../../errors.js';

interface Called {
  readonly id: string;
  readonly name: string;
}

/**
 * Calls and their results find each other by id in our form. Gemini's need not have one: then the name tells, and the order of calls of
 * one name. Ids made here are the same whenever the conversation is read again.
 */
export class CallIds {
  #calls = 0;
  #open: Called[] = [];

  called(given: unknown, name: string): string {
    const id = typeof given === 'string' && given !== '' ? given : `call_${this.#calls}`;
    this.#calls++;
    this.#open.push({ id, name });
    return id;
  }

  /** @throws LazuError `invalid_request` for the result of a call that was not made */
  answered(given: unknown, name: string, path: string): string {
    const byId = this.#open.findIndex(({ id }) => id === given);
    const at = byId >= 0 ? byId : this.#open.findIndex(call => call.name === name);
    const [call] = at >= 0 ? this.#open.splice(at, 1) : [];
    if (call) return call.id;
    const message = `\`${path}\` answers no \`functionCall\` of this conversation.`;
    throw new LazuError('invalid_request', message, { param: path });
  }
}
