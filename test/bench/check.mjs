/** Correctness before speed: a contender that answers wrongly has no figures. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { chat } from './dialects.mjs';
import { COMPLETION, streamText, USAGE } from './servers/answers.mjs';

const post = (target, body, path = chat.path()) =>
  fetch(`http://127.0.0.1:${target.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...target.headers },
    body,
  });

/** Lazu's record of the request says what the upstream said, and charges for it. */
async function checkRecord(target, response, stream) {
  if (target.usageRecord === undefined) return;
  const id = response.headers.get('x-lazu-request-id');
  assert.match(id ?? '', /^req_lazu_/, 'Lazu must name its request');
  const record = await target.usageRecord(id);
  const tokens = Object.fromEntries(record.usage.dimensions.map(({ name, quantity }) => [name, quantity]));
  assert.equal(record.status, 'completed', `the record of a ${stream ? 'stream' : 'whole answer'}`);
  assert.equal(record.usage_source, 'provider');
  assert.equal(tokens.input, USAGE.prompt_tokens);
  assert.equal(tokens.output, USAGE.completion_tokens);
  assert.ok(Number(record.billing.charge_micro_usd) > 0, 'the record must have a charge');
}

/** One whole answer: status, body, record. */
export async function checkPlain(target, body) {
  const response = await post(target, body);
  const text = await response.text();
  assert.equal(response.status, 200, `${target.name} answered ${response.status}: ${text.slice(0, 500)}`);
  const answer = JSON.parse(text);
  assert.deepEqual(answer.choices, COMPLETION.choices, `${target.name} changed the answer`);
  assert.deepEqual(answer.usage, COMPLETION.usage, `${target.name} changed the usage`);
  await checkRecord(target, response, false);
}

/**
 * One stream, read event by event: the same text, what ends a stream of this dialect, the record; in chat's own dialect as many
 * choices as the upstream sent too, and no usage event, as none was asked for.
 * @param {{body: Buffer, path: string, dialect: object, chunks: number, isTranslated?: boolean}} asked
 * @returns {Promise<number>} bytes of the body, which each stream under load must have
 */
export async function checkStream(target, { body, path, dialect, chunks, isTranslated = false }) {
  const response = await post(target, body, path);
  const text = await response.text();
  assert.equal(response.status, 200, `${target.name} answered ${response.status}: ${text.slice(0, 500)}`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  assert.match(text, dialect.end, `how ${target.name} must end its stream`);
  const data = text.split(/\r?\n/).flatMap(line => (line.startsWith('data: ') ? [line.slice(6)] : []));
  const events = data.filter(part => part !== '[DONE]').map(part => JSON.parse(part));
  assert.equal(events.map(event => dialect.textOf(event) ?? '').join(''), streamText(chunks));
  if (dialect === chat && !isTranslated)
    assert.equal(events.length, chunks, `${target.name} must give each event once, and no usage event`);
  await checkRecord(target, response, true);
  return Buffer.byteLength(text);
}

/**
 * Every answer that was counted has its record, once all are written. There may be more: warm-up by time, and requests that the
 * generator broke off at the end of its time.
 */
export async function checkTotal(target, withinMs = 30_000) {
  if (target.usageTotal === undefined) return undefined;
  const deadline = Date.now() + withinMs;
  let total = await target.usageTotal();
  for (; total.requests < target.answered && Date.now() < deadline; total = await target.usageTotal()) await sleep(200);
  assert.ok(total.requests >= target.answered, `${total.requests} records of ${target.answered} answers`);
  return total.requests;
}
