/** Correctness before speed: a contender that answers wrongly has no figures. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPLETION, streamText, USAGE } from './servers/answers.mjs';

const post = (target, body) =>
  fetch(`http://127.0.0.1:${target.port}/v1/chat/completions`, {
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
 * One stream, read event by event: as many choices as the upstream sent, the same text, no usage event (none was asked), `[DONE]`.
 * @returns {Promise<number>} bytes of the body, which each stream under load must have
 */
export async function checkStream(target, body, chunks) {
  const response = await post(target, body);
  const text = await response.text();
  assert.equal(response.status, 200, `${target.name} answered ${response.status}: ${text.slice(0, 500)}`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const data = text
    .split('\n\n')
    .filter(part => part.startsWith('data: '))
    .map(part => part.slice(6));
  assert.equal(data.pop(), '[DONE]', `${target.name} must end its stream with [DONE]`);
  const events = data.map(part => JSON.parse(part));
  assert.equal(events.length, chunks, `${target.name} must give each event once, and no usage event`);
  assert.equal(events.map(event => event.choices[0].delta.content ?? '').join(''), streamText(chunks));
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
