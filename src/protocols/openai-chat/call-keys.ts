/** A piece of a tool call, as far as it says which call it belongs to. */
export interface CallPiece {
  readonly index: unknown;
  /** '' where it has none. */
  readonly id: string;
  readonly name: string | undefined;
  /** Its place in its chunk, which has so many pieces. */
  readonly at: number;
  readonly ofSoMany: number;
}

/**
 * Which call a piece belongs to. OpenAI says so by `index`; some clones leave it out, or give every call index 0, so that only a new id
 * and a name mark a new call: https://platform.openai.com/docs/api-reference/chat-streaming/streaming#chat-streaming-streaming-choices-delta-tool_calls
 */
export class CallKeys {
  /** By index: the call that has it now. */
  readonly #byIndex = new Map<number, number>();
  readonly #byId = new Map<string, number>();
  readonly #idOf = new Map<number, string>();
  #next = 0;

  get any(): boolean {
    return this.#next > 0;
  }

  /** @returns calls are counted in the order in which they began */
  keyOf({ index, id, name, at, ofSoMany }: CallPiece): number {
    const byId = id === '' ? undefined : this.#byId.get(id);
    if (typeof index === 'number') {
      const known = this.#byIndex.get(index);
      const idNow = known === undefined ? undefined : this.#idOf.get(known);
      const isAnother = name !== undefined && id !== '' && idNow !== undefined && idNow !== id;
      return known === undefined || isAnother ? this.#begin(id, index) : this.#named(known, id);
    }
    if (byId !== undefined) return byId;
    if (name !== undefined || id !== '' || this.#next === 0) return this.#begin(id, undefined);
    // A piece without any mark: of as many calls as there are, the one in its place; else the last.
    return ofSoMany === this.#next ? at : this.#next - 1;
  }

  #begin(id: string, index: number | undefined): number {
    const key = this.#next++;
    if (index !== undefined) this.#byIndex.set(index, key);
    return this.#named(key, id);
  }

  #named(key: number, id: string): number {
    if (id !== '' && !this.#idOf.has(key)) {
      this.#idOf.set(key, id);
      this.#byId.set(id, key);
    }
    return key;
  }
}
