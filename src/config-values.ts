import { isIP } from 'node:net';
import { z } from 'zod';

/** Values divided by commas. */
export const list = (text: string): string[] =>
  text
    .split(',')
    .map(entry => entry.trim())
    .filter(Boolean);

/** `files.internal`, `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`. */
export function isHostOrNetwork(entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/');
  const family = isIP(address);
  if (bits !== undefined) {
    return family > 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
  }
  return family > 0 || /^(?=.*[a-z])[a-z\d]([a-z\d._-]*[a-z\d])?\.?$/i.test(entry);
}

/** What accounts of a tier may do per rolling 60 s; null: no limit. */
export interface Tier {
  readonly name: string;
  /** microUSD of 30 days, spent or topped up, that lift an account here; undefined: it has never paid. */
  readonly fromMicroUsd: number | undefined;
  readonly rpm: number | null;
  readonly tpm: number | null;
}

const perMinute = z.number().int().min(0).max(2_147_483_647).nullable();
const tier = z.strictObject({
  name: z.string().min(1).max(32),
  from_usd: z.number().min(0).max(1e9).optional(),
  rpm: perMinute,
  tpm: perMinute,
});

/** Contract §12. */
const TIERS = `[
  {"name":"unverified","rpm":5,"tpm":5000},
  {"name":"0","from_usd":0,"rpm":60,"tpm":100000},
  {"name":"1","from_usd":10,"rpm":120,"tpm":300000},
  {"name":"2","from_usd":100,"rpm":300,"tpm":1000000},
  {"name":"3","from_usd":1000,"rpm":600,"tpm":2000000}
]`;
const TIERS_SHAPE =
  'must be a JSON array of {"name","from_usd","rpm","tpm"}, from the lowest, the first without from_usd';

/** The tiers, lowest first. */
export const tiers = z
  .string()
  .default(TIERS)
  .transform((text, context): Tier[] => {
    const parsed = z.array(tier).min(1).max(100).safeParse(parseJson(text));
    const rows = parsed.success ? parsed.data : [];
    const ascends = rows.every(({ from_usd: from }, at) =>
      at === 0 ? from === undefined : from !== undefined && from >= (rows[at - 1]?.from_usd ?? 0),
    );
    if (rows.length === 0 || !ascends || new Set(rows.map(({ name }) => name)).size < rows.length) {
      context.addIssue(TIERS_SHAPE);
      return z.NEVER;
    }
    return rows.map(({ name, from_usd, rpm, tpm }) => ({
      name,
      fromMicroUsd: from_usd === undefined ? undefined : Math.round(from_usd * 1_000_000),
      rpm,
      tpm,
    }));
  });

/** A time of day somewhere. */
export interface ClockTime {
  readonly hour: number;
  readonly minute: number;
  /** IANA name. */
  readonly timeZone: string;
}

/** `04:30 Asia/Shanghai` */
export const clockTime = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context): ClockTime => {
      const [, hour, minute, timeZone = ''] = /^([01]\d|2[0-3]):([0-5]\d) (\S+)$/.exec(text) ?? [];
      if (isTimeZone(timeZone)) return { hour: Number(hour), minute: Number(minute), timeZone };
      context.addIssue('must be a time and a time zone, such as 04:30 Asia/Shanghai');
      return z.NEVER;
    });

function isTimeZone(name: string): boolean {
  try {
    return name !== '' && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
