import { isDeepStrictEqual } from 'node:util';

/**
 * Exchanges that a vendor took when they were recorded and that Lazu refuses: provider → field → why. Anything else that does not
 * reach the upstream is a failure.
 */
export const REFUSED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  openrouter: { 'tools.0.type': 'server tools are charged per call, beside the price of the model' },
};

/** Fields that may differ from what the recorded client sent, each for a reason on the vendor's own page. */
const EDITS: Readonly<Record<string, readonly string[]>> = {};

/** `model` is the channel's name for it; usage must be asked for in streams. */
export const requestEdits = (provider: string): readonly string[] => [
  'model',
  'stream_options',
  ...(EDITS[provider] ?? []),
];

/** Top-level fields whose value is not the same in both; an absent `stream: false` means the same. */
export function changedFields(before: Record<string, any>, after: Record<string, any>): string[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...fields].filter(
    field =>
      !isDeepStrictEqual(before[field], after[field]) &&
      !(field === 'stream' && (before[field] ?? false) === (after[field] ?? false)),
  );
}

/** Tokens that this vendor bills beside its own total. */
export function tokensBeside(_provider: string, _usage: Record<string, any>): number {
  return 0;
}
