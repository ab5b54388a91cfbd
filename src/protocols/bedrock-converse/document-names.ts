/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html */
const LONGEST = 200;
/** Room for what tells two documents of one name apart. */
const ROOM = 8;

/**
 * Names of the documents of one request: every document must have one of its own, made of letters, digits, hyphens, brackets and single
 * spaces. Callers' names go without the ending, which the format says.
 */
export class DocumentNames {
  readonly #taken = new Set<string>();

  next(given: string | undefined): string {
    const stem = (given ?? '').replace(/\.[A-Za-z0-9]{1,5}$/, '');
    const clean = stem
      .replace(/[^A-Za-z0-9\s\-()[\]]+/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, LONGEST - ROOM)
      .trim();
    const name = clean || 'document';
    let free = name;
    for (let count = 2; this.#taken.has(free); count++) free = `${name} (${count})`;
    this.#taken.add(free);
    return free;
  }
}
