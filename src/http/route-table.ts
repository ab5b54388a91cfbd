/** Names in a path and what they stand for, decoded. */
export type PathParams = Readonly<Record<string, string>>;

export interface Found<Value> {
  readonly value: Value;
  readonly params: PathParams;
}

interface Pattern<Value> {
  readonly prefix: string;
  readonly name: string;
  readonly suffix: string;
  readonly value: Value;
}

const NONE: PathParams = {};

/**
 * Paths, and paths with one name in them such as `/v1beta/models/{model}:generateContent`. What a name stands for may hold slashes, raw
 * or as `%2F`, since model names do (contract §3).
 */
export class RouteTable<Value> {
  readonly #exact = new Map<string, Found<Value>>();
  readonly #patterns: Pattern<Value>[] = [];

  add(path: string, value: Value): void {
    const pattern = /^(.*)\{(\w+)\}(.*)$/.exec(path);
    if (!pattern) {
      this.#exact.set(path, { value, params: NONE });
      return;
    }
    const [, prefix = '', name = '', suffix = ''] = pattern;
    this.#patterns.push({ prefix, name, suffix, value });
  }

  /** @returns undefined also for a path that does not decode */
  find(path: string): Found<Value> | undefined {
    const exact = this.#exact.get(path);
    if (exact) return exact;
    for (const { prefix, name, suffix, value } of this.#patterns) {
      if (path.length <= prefix.length + suffix.length) continue;
      if (!path.startsWith(prefix) || !path.endsWith(suffix)) continue;
      const text = decoded(path.slice(prefix.length, path.length - suffix.length));
      return text === undefined ? undefined : { value, params: { [name]: text } };
    }
    return undefined;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
