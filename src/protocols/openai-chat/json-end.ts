/**
 * Finds the end of a JSON object or list that comes in pieces, and looks at each piece once: parsing all that is there with every piece
 * would make a long text quadratic. Whether it is JSON must be seen when the end is reached.
 */
export class JsonEnd {
  #depth = 0;
  #inText = false;
  #isEscaped = false;
  #hasBegun = false;

  get isReached(): boolean {
    return this.#hasBegun && this.#depth === 0;
  }

  see(piece: string): void {
    for (const character of piece) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#inText) {
        this.#inText = character !== '"';
        this.#isEscaped = character === '\\';
      } else this.#step(character);
    }
  }

  #step(character: string): void {
    switch (character) {
      case '"':
        this.#inText = true;
        return;
      case '{':
      case '[':
        this.#hasBegun = true;
        this.#depth++;
        return;
      case '}':
      case ']':
        this.#depth--;
    }
  }
}
