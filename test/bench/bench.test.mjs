/** `npm test --prefix test/bench`: the parts of the bench that could lie without anybody noticing. */
import assert from 'node:assert/strict';
import { isAscii } from 'node:buffer';
import { test } from 'node:test';
import { chatBody, inAscii } from './bodies.mjs';
import { chat, gemini, messages } from './dialects.mjs';
import { ChunkedReader } from './load/chunked-reader.mjs';
import { describeTranslation } from './report-translations.mjs';
import { describeRow } from './report.mjs';
import { streamAnswer } from './servers/answers.mjs';
import { median, medianInterval } from './statistics.mjs';

test('the reader counts the same bytes however the socket splits them', () => {
  const script = streamAnswer(100, true);
  const wire = Buffer.concat([...script, ...script]);
  for (let run = 0; run < 300; run++) {
    const answers = [];
    const reader = new ChunkedReader(answer => answers.push(answer));
    for (let at = 0; at < wire.length;) {
      const next = at + 1 + Math.floor(Math.random() * (run % 3 === 0 ? 3 : 4000));
      reader.push(wire.subarray(at, next));
      at = next;
    }
    assert.equal(answers.length, 2);
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.ok(answer.tail.endsWith('data: [DONE]\n\n'));
      assert.equal(answer.bytes, framedBytes(script));
    }
  }
});

/** Body bytes by the other way: the text between the framing. */
function framedBytes(script) {
  const body = script
    .map(part => part.toString())
    .join('')
    .replace(/^[\s\S]*?\r\n\r\n/, '');
  return Buffer.byteLength([...body.matchAll(/^data: .*\n\n/gm)].map(([event]) => event).join(''));
}

test('bodies have exactly the size asked for and are JSON', () => {
  for (const bytes of [600, 102_400, 1_048_576]) {
    const body = chatBody(bytes, { stream: true });
    assert.equal(body.length, bytes);
    assert.ok(JSON.parse(body).messages.length >= 3);
    const ascii = inAscii(body);
    assert.equal(ascii.length, bytes);
    assert.equal(isAscii(ascii), true);
  }
});

test('ratios are taken round by round, and better means more only for cost', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.deepEqual(medianInterval([2, 2, 2]), [2, 2]);
  const [low, high] = medianInterval([1, 2, 3, 4, 5, 6, 7, 8, 9, 100]);
  assert.ok(low >= 1 && low < 5.5 && high > 5.5 && high <= 9);
  const results = new Map([
    ['direct', [{ value: 1, perSecond: 100 }]],
    ['bare', [2, 4, 6].map(value => ({ value, perSecond: 60 }))],
    ['lazu', [1, 4, 12].map(value => ({ value, perSecond: 40 }))],
  ]);
  const row = { name: 'r', title: 'r', kind: 'cost', goals: { bare: 0.9 } };
  const cost = describeRow(row, results);
  assert.deepEqual(cost.ratios[0].ratio, { median: 1, min: 0.5, max: 2 });
  assert.equal(cost.ratios[0].met, true);
  assert.deepEqual(
    cost.figures.map(({ generatorBound }) => generatorBound),
    [true, false],
  );
  const memory = describeRow({ ...row, kind: 'memory' }, new Map([...results].slice(1)));
  assert.equal(memory.ratios[0].ratio.max, 2);
  assert.equal(memory.ratios[0].met, false);
});

test('a translated way is compared with the one that passes in the same round; less is better', () => {
  const ways = { passed: [1, 2, 4], cheap: [2, 6, 12], dear: [4, 6, 16] };
  const results = new Map(Object.entries(ways).map(([name, values]) => [name, values.map(value => ({ value }))]));
  const { ratios } = describeTranslation({ name: 'r', title: 'r', kind: 'translation', goal: 3 }, results);
  assert.deepEqual(ratios, [
    { name: 'cheap', ratio: { median: 3, min: 2, max: 3 }, goal: 3, met: true },
    { name: 'dear', ratio: { median: 4, min: 3, max: 4 }, goal: 3, met: false },
  ]);
});

test('callers of every dialect ask for a stream, and know its end', () => {
  for (const [dialect, end] of [
    [chat, 'data: [DONE]\n\n'],
    [messages, 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
    [gemini, 'data: {"candidates":[]}\r\n\r\n'],
  ]) {
    assert.ok(JSON.parse(dialect.body('m')).stream || dialect.path('m').includes('stream'));
    assert.match(end, dialect.end);
    assert.doesNotMatch(end.slice(0, -3), dialect.end);
  }
});
