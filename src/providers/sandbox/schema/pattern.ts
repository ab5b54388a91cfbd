/** The pattern holds something this small generator cannot make a text for: look-around, back references, `\b` … */
export class UnsupportedPattern extends Error {}

/** Makes the text of one piece of a pattern; repeats that have no upper bound are made `extra` times more than they must. */
type Maker = (extra: number) => string;

const [LONGEST_REPEAT, LONGEST_PATTERN, LONGEST_TEXT] = [1000, 2000, 10_000];
const CLASS_SAMPLES = 'a0A_- .,!#é';
const ESCAPES: Readonly<Record<string, string>> = { d: '0', D: 'a', w: 'a', W: '-', s: ' ', S: 'a' };
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', 0: '\0' };
const PROPERTIES: Readonly<Record<string, string>> = { L: 'a', Ll: 'a', Lu: 'A', N: '0', Nd: '0', P: '.', Letter: 'a' };

/**
 * A text that matches an ECMAScript pattern. The pattern is never run: it is a caller's, and running it could take for ever.
 * @throws UnsupportedPattern
 */
export function textMatching(pattern: string, minLength: number): string {
  if (pattern.length > LONGEST_PATTERN) throw new UnsupportedPattern(`a pattern of ${pattern.length} characters`);
  const make = parse(pattern);
  for (let extra = 0; extra <= LONGEST_REPEAT; extra = extra * 2 + 1) {
    const text = make(extra);
    if (text.length >= minLength) return trimmed(make, extra, minLength);
  }
  throw new UnsupportedPattern(`no text of ${minLength} characters`);
}

/** The least number of extra repeats that is enough, so that `maxLength` is not passed without need. */
function trimmed(make: Maker, extra: number, minLength: number): string {
  let least = extra;
  while (least > 0 && make(least - 1).length >= minLength) least -= 1;
  return make(least);
}

function parse(pattern: string): Maker {
  let at = 0;
  const fail = (): never => {
    throw new UnsupportedPattern(pattern.slice(at, at + 20));
  };

  const alternatives = (): Maker => {
    const first = sequence();
    while (pattern[at] === '|') {
      at += 1;
      sequence();
    }
    return first;
  };

  const sequence = (): Maker => {
    const makers: Maker[] = [];
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') makers.push(repeated(atom()));
    return extra => makers.map(make => make(extra)).join('');
  };

  const repeated = (make: Maker): Maker => {
    const quantifier = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(pattern.slice(at));
    if (!quantifier) return make;
    at += quantifier[0].length;
    const [, sign, min = '0', comma, max] = quantifier;
    const least = sign ? (sign === '+' ? 1 : 0) : Number(min);
    const most = sign ? (sign === '?' ? 1 : Infinity) : comma ? (max ? Number(max) : Infinity) : least;
    if (least > LONGEST_REPEAT) fail();
    return extra => {
      const once = make(extra);
      const times = Math.min(least + extra, most);
      if (once.length * times > LONGEST_TEXT) throw new UnsupportedPattern(`more than ${LONGEST_TEXT} characters`);
      return once.repeat(times);
    };
  };

  const atom = (): Maker => {
    const character = pattern[at++] ?? '';
    switch (character) {
      case '^':
      case '$':
        return () => '';
      case '.':
        return () => 'a';
      case '(':
        return group();
      case '[':
        return set();
      case '\\': {
        const sample = escaped();
        return () => sample;
      }
      default:
        return () => character;
    }
  };

  const group = (): Maker => {
    const head = /^\?(?::|<[A-Za-z_]\w*>)/.exec(pattern.slice(at));
    if (head) at += head[0].length;
    else if (pattern[at] === '?') fail();
    const make = alternatives();
    if (pattern[at++] !== ')') fail();
    return make;
  };

  /** What comes behind a backslash: one character that it stands for. */
  const escaped = (): string => {
    const character = pattern[at++] ?? '';
    const code = /^(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]+)\})/.exec(pattern.slice(at - 1));
    if (code) {
      at += code[0].length - 1;
      return String.fromCodePoint(parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16));
    }
    const property = character === 'p' ? /^\{(?:Script=)?(\w+)\}/.exec(pattern.slice(at)) : null;
    if (property) {
      at += property[0].length;
      return PROPERTIES[property[1] ?? ''] ?? fail();
    }
    if (/[1-9bBkpPcux]/.test(character)) fail();
    return ESCAPES[character] ?? CONTROLS[character] ?? character;
  };

  const set = (): Maker => {
    const negated = pattern[at] === '^';
    if (negated) at += 1;
    const from = at;
    let sample: string | undefined;
    while (pattern[at] !== ']') {
      if (at >= pattern.length) fail();
      const character = pattern[at++] ?? '';
      const member = character === '\\' ? escaped() : character;
      sample ??= member;
    }
    const members = pattern.slice(from, at++);
    const made = (negated ? outside(members) : sample) ?? fail();
    return () => made;
  };

  const whole = alternatives();
  if (at < pattern.length) fail();
  return whole;
}

/** A character that is not of these. A class alone cannot run long, so it may be asked. */
function outside(members: string): string | undefined {
  try {
    const negated = new RegExp(`[^${members}]`, 'u');
    return [...CLASS_SAMPLES].find(candidate => negated.test(candidate));
  } catch {
    return undefined;
  }
}
