import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { paymentsAreWhole, paymentVariables, type StripeSettings, stripeSettings } from './config-payments.js';
import { type ClockTime, clockTime, isHostOrNetwork, list, type Tier, tiers } from './config-values.js';

/** Injection token and type of the one frozen configuration: environment in, validated values out (contract §16). */
export const Config = Symbol('Config');

const int = (fallback: number, min = 0, max = Number.MAX_SAFE_INTEGER) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const ms = (fallback: number) => int(fallback, 1, 24 * 3600 * 1000);
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) =>
  z.enum(values).default(fallback as never);

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://');

/** More only wait for each other. */
const MOST_WORKERS = 2 * availableParallelism();

const variables = z.object({
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_POOL: int(10, 1, 200),
  LAZU_DATA_DIR: z.string().default('.lazu'),
  MIGRATE_ON_START: oneOf(['on', 'off'], 'on'),
  LAZU_ADMIN_KEY: z
    .string()
    .regex(/^sk-lazu-admin-[\w-]{32,}$/, 'must be sk-lazu-admin- and at least 32 more letters, digits, - or _')
    .optional(),
  BILLING: oneOf(['off', 'prepaid'], 'off'),
  TIERS: tiers,
  TIER_TIME: clockTime('04:30 Asia/Shanghai'),
  ...paymentVariables,
  SANDBOX: oneOf(['auto', 'on', 'off'], 'auto'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/./, 'must start with redis:// or rediss://')
    .refine(url => URL.canParse(url), 'is no URL; characters such as @ or / in a password are written as %40 or %2F')
    .optional(),
  WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_WORKERS, `is at most ${MOST_WORKERS} on this machine, two for each of its processors`)
    .default(1),
  PORT: int(8080, 0, 65535),
  HOST: z.string().default('0.0.0.0'),
  ENCRYPTION_KEY: z
    .string()
    .regex(/^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)$/, 'must be 32 bytes, as 64 hex digits or base64')
    .optional(),
  TRUST_PROXY: z.string().default('off'),
  CORS_ORIGINS: z.string().default(''),
  FETCH_ALLOW: z
    .string()
    .default('')
    .transform(list)
    .refine(entries => entries.every(isHostOrNetwork), 'must be host names, addresses or CIDRs, divided by commas'),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'verbose'], 'info'),
  LOG_FORMAT: oneOf(['text', 'json'], 'text'),
  JOURNAL_SYNC: oneOf(['interval', 'always', 'off'], 'interval'),
  JOURNAL_MAX_MB: int(1024, 16, 1_000_000),
  USAGE_RETENTION_DAYS: int(0, 0, 36_500),
  KEY_STALENESS_MAX: ms(2 * 3600 * 1000),
  MAX_BODY_MB: int(32, 1, 1024),
  MAX_ATTEMPTS: int(2, 1, 5),
  CONNECT_TIMEOUT_MS: ms(5_000),
  FIRST_BYTE_TIMEOUT_MS: ms(120_000),
  IDLE_TIMEOUT_MS: ms(120_000),
  TOTAL_TIMEOUT_MS: ms(900_000),
  KEEPALIVE_MS: ms(15_000),
  WRITE_STALL_MS: ms(120_000),
  LEAVE_GRACE_MS: int(2_000, 0, 60_000),
  DRAIN_MS: ms(30_000),
});

/** Names of all variables but those that providers read. */
export const VARIABLES: readonly string[] = Object.keys(variables.shape);

export interface Config {
  /** Undefined: an embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** Most connections of this process. */
  readonly databasePool: number;
  readonly dataDir: string;
  readonly migrateOnStart: boolean;
  /** The owner key of the first start; undefined: one is made. */
  readonly adminKey: string | undefined;
  readonly billing: 'off' | 'prepaid';
  /** Of prepaid accounts, lowest first. */
  readonly tiers: readonly Tier[];
  /** When tiers are set anew each day. */
  readonly tierTime: ClockTime;
  /** Undefined: no payments by card. Holds secrets. */
  readonly stripe: StripeSettings | undefined;
  readonly sandbox: 'auto' | 'on' | 'off';
  /** Where hosts share limits; undefined: each has its own. Holds a secret. */
  readonly redisUrl: string | undefined;
  /** Processes that serve. */
  readonly workers: number;
  readonly port: number;
  readonly host: string;
  /** 32 bytes as hex or base64; undefined: made under `dataDir`. */
  readonly encryptionKey: string | undefined;
  /** `off`, a hop count, or addresses and CIDRs divided by commas. */
  readonly trustProxy: string;
  readonly corsOrigins: readonly string[];
  /** Host names, addresses and CIDRs that URLs of callers may point to though they are not public. */
  readonly fetchAllow: readonly string[];
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'verbose';
  readonly logFormat: 'text' | 'json';
  readonly journalSync: 'interval' | 'always' | 'off';
  readonly journalMaxBytes: number;
  /** 0: kept for ever. */
  readonly usageRetentionDays: number;
  readonly keyStalenessMaxMs: number;
  readonly maxBodyBytes: number;
  readonly maxAttempts: number;
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly writeStallMs: number;
  readonly leaveGraceMs: number;
  readonly drainMs: number;
  /** Providers read their own variables from here (`OPENAI_API_KEY` …); an empty string counts as unset. Never logged. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A wrong value stops the start: the message is one line that names the variable. */
export class ConfigError extends Error {}

/** @throws ConfigError naming the first variable that is wrong, never its value (it may be a secret) */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
  const parsed = variables.superRefine(paymentsAreWhole).safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ConfigError(`${String(issue?.path[0])}: ${issue?.message ?? 'is not valid'}`);
  }
  const v = parsed.data;
  return Object.freeze({
    databaseUrl: v.DATABASE_URL,
    databasePool: v.DATABASE_POOL,
    dataDir: v.LAZU_DATA_DIR,
    migrateOnStart: v.MIGRATE_ON_START === 'on',
    adminKey: v.LAZU_ADMIN_KEY,
    billing: v.BILLING,
    tiers: v.TIERS,
    tierTime: v.TIER_TIME,
    stripe: stripeSettings(v),
    sandbox: v.SANDBOX,
    redisUrl: v.REDIS_URL,
    workers: v.WORKERS,
    port: v.PORT,
    host: v.HOST,
    encryptionKey: v.ENCRYPTION_KEY,
    trustProxy: v.TRUST_PROXY,
    corsOrigins: list(v.CORS_ORIGINS),
    fetchAllow: v.FETCH_ALLOW,
    logLevel: v.LOG_LEVEL,
    logFormat: v.LOG_FORMAT,
    journalSync: v.JOURNAL_SYNC,
    journalMaxBytes: v.JOURNAL_MAX_MB * 1024 * 1024,
    usageRetentionDays: v.USAGE_RETENTION_DAYS,
    keyStalenessMaxMs: v.KEY_STALENESS_MAX,
    maxBodyBytes: v.MAX_BODY_MB * 1024 * 1024,
    maxAttempts: v.MAX_ATTEMPTS,
    connectTimeoutMs: v.CONNECT_TIMEOUT_MS,
    firstByteTimeoutMs: v.FIRST_BYTE_TIMEOUT_MS,
    idleTimeoutMs: v.IDLE_TIMEOUT_MS,
    totalTimeoutMs: v.TOTAL_TIMEOUT_MS,
    keepAliveMs: v.KEEPALIVE_MS,
    writeStallMs: v.WRITE_STALL_MS,
    leaveGraceMs: v.LEAVE_GRACE_MS,
    drainMs: v.DRAIN_MS,
    environment: Object.freeze(set),
  });
}
