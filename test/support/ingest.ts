import { monotonicFactory } from 'ulid';
import type { Route } from '../../src/catalog/route.js';
import { route as template, type Metering } from './usage.js';

/** What an installation of some size looks like: its accounts, their keys, the models that they ask for. */
export const ACCOUNTS = 200;
const KEYS_EACH = 5;
const MODELS = 20;

export const accountId = (index: number): string => `acct_${String(index).padStart(26, '0')}`;

/** Accounts to post to. */
export const MAKE_ACCOUNTS = `INSERT INTO accounts (id, name, updated_at)
  SELECT 'acct_' || lpad(n::text, 26, '0'), 'account ' || n, now() FROM generate_series(0, ${ACCOUNTS - 1}) AS n`;

const routes: readonly Route[] = Array.from({ length: MODELS }, (_, index) => ({
  ...template,
  channel: { ...template.channel, id: `chan_${String(index).padStart(26, '0')}`, provider: 'acme' },
  model: { ...template.model, name: `acme/model-${index}` },
  upstreamModel: `model-${index}-2026-11-28`,
  price: {
    ...template.price,
    rates: { input: 2_500_000n, cache_read: 1_250_000n, output: 10_000_000n },
  },
}));

/** Ids in a row: dear randomness is not what is measured here. */
const next = monotonicFactory();

/** One request as a chat completion leaves it: cached input, the vendor's own usage, where it went and why. */
async function request({ meters, charges }: Metering, count: number): Promise<void> {
  const account = (count * 7_919) % ACCOUNTS;
  const route = routes[(count * 31) % MODELS]!;
  const requestId = `req_lazu_${next()}`;
  const [startedAt, keyId] = [Date.now(), `key_${String(account * KEYS_EACH + (count % KEYS_EACH)).padStart(26, '0')}`];
  const meter = meters.open({
    requestId,
    accountId: accountId(account),
    keyId,
    startedAt,
    endpoint: '/v1/chat/completions',
    protocol: 'openai-chat',
    stream: count % 2 === 0,
    model: route.model.name,
    catalogModel: route.model.name,
    onClose: record =>
      charges.add(requestId, {
        accountId: record.account_id,
        keyId,
        startedAt,
        microUsd: BigInt(record.charge_micro_usd),
      }),
  });
  meter.route(route);
  meter.firstByte();
  const [input, cache_read, output] = [200 + (count % 900), (count % 4) * 512, 50 + (count % 700)];
  const raw = {
    prompt_tokens: input + cache_read,
    completion_tokens: output,
    total_tokens: input + cache_read + output,
    prompt_tokens_details: { cached_tokens: cache_read },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
  meter.see({ dimensions: { input, cache_read, output }, totalTokens: raw.total_tokens, raw });
  const { id: channel, provider } = route.channel;
  meter.routing({
    lane: 'direct',
    candidates: [{ channel, provider, reason: 'priority 0, weight 1' }],
    attempts: [
      {
        channel,
        upstream_model: route.upstreamModel,
        outcome: 'ok',
        upstream_status: 200,
        upstream_request_id: `req_${count.toString(16).padStart(32, '0')}`,
        duration_ms: 800,
      },
    ],
  });
  await meter.close({ kind: 'completed' });
}

/**
 * Requests that begin and end at this rate, whether or not anybody keeps up with them. Resolves when the last has ended.
 * @param rate per second
 * @param looked told every second how many have ended
 */
export async function offer(
  metering: Metering,
  { rate, seconds }: { rate: number; seconds: number },
  looked: (offered: number) => void = () => undefined,
): Promise<number> {
  const begun = performance.now();
  const ends: Promise<void>[] = [];
  let offered = 0;
  let nextLook = 1_000;
  for (let elapsed = 0; elapsed < seconds * 1_000; elapsed = performance.now() - begun) {
    for (const due = Math.floor((elapsed / 1_000) * rate); offered < due; offered++)
      ends.push(request(metering, offered));
    await Promise.all(ends.splice(0));
    if (elapsed >= nextLook) {
      looked(offered);
      nextLook += 1_000;
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  return offered;
}
