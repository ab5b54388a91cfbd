import type { Revocation } from '../limit-store.js';

/** Tells Redis who is refused; what could not be told is told again. */
export class Revocations {
  readonly #waiting = new Map<string, { readonly accountId: string; readonly args: readonly string[] }>();

  /**
   * @param send one run of the script; rejects when Redis is away
   * @param keptMs until every host knows by itself, or refuses everybody
   */
  constructor(
    private readonly send: (accountId: string, args: readonly string[]) => Promise<unknown>,
    private readonly keptMs: number,
  ) {}

  /** Resolves when Redis knows, or is away. */
  tell(accountId: string, keyId: string | undefined, why: Revocation | undefined): Promise<void> {
    const key = keyId ?? '*';
    const name = `${accountId} ${key}`;
    this.#waiting.set(name, { accountId, args: [key, why ?? '', String(this.keptMs)] });
    return this.#tell(name);
  }

  retry(): void {
    for (const name of this.#waiting.keys()) void this.#tell(name);
  }

  async #tell(name: string): Promise<void> {
    const revocation = this.#waiting.get(name)!;
    try {
      await this.send(revocation.accountId, revocation.args);
      if (this.#waiting.get(name) === revocation) this.#waiting.delete(name);
    } catch {
      // told again with the next beat
    }
  }
}
