// What translation costs beside passing through, in CPU of one process: `npm run bench:translate`. No network: the same bytes go through the
// watch of the same protocol and through the translation to each other one, in alternating rounds of one run.
import { parseArgs } from 'node:util';
import { Translation } from '../../dist/dispatch/translate.js';
import { anthropicMessages } from '../../dist/protocols/anthropic-messages/index.js';
import { bedrockConverse } from '../../dist/protocols/bedrock-converse/index.js';
import { cohereChat } from '../../dist/protocols/cohere-chat/index.js';
import { gemini } from '../../dist/protocols/gemini/index.js';
import { geminiInbound } from '../../dist/protocols/gemini/inbound.js';
import { openaiChat } from '../../dist/protocols/openai-chat/index.js';
import { openaiResponses } from '../../dist/protocols/openai-responses/index.js';
import { FrameGatherer } from '../../dist/protocols/sse.js';
import { median, summary } from './statistics.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, events: { type: 'string', default: '8000' } },
});
const ROUNDS = Number(values.rounds);
const EVENTS = Number(values.events);
/** Frames that come in one chunk. */
const PER_CHUNK = 4;

const target = { model: 'm', stream: true, form: 'events', thoughts: true };
const languages = [
  { name: 'OpenAI chat', inbound: openaiChat, upstream: openaiChat },
  { name: 'Anthropic Messages', inbound: anthropicMessages, upstream: anthropicMessages },
  { name: 'Gemini', inbound: geminiInbound(target), upstream: gemini },
];
const stamp = { model: 'm', created: 1_760_000_000, includeUsage: true };
const provider = {};
const traits = { maxOutputTokens: 8_192, reasoning: 'none', sampling: 'both', efforts: [] };

/** A long answer as this dialect streams it, in chunks. */
function chunksIn({ inbound }) {
  const writer = inbound.answerWriter(stamp);
  const usage = { dimensions: { input: 1_000, output: EVENTS * 4 }, raw: {} };
  const frames = [writer.push({ type: 'answer-start', id: 'x', model: 'm' })];
  for (let at = 0; at < EVENTS; at++) frames.push(writer.push({ type: 'text-delta', text: ` and then ${at} more` }));
  for (const event of [
    { type: 'block-end' },
    { type: 'usage', usage, final: true },
    { type: 'answer-end', stopReason: 'stop', explanation: undefined },
  ])
    frames.push(writer.push(event));
  frames.push(writer.end());
  const kept = frames.filter(frame => frame !== '');
  return Array.from({ length: Math.ceil(kept.length / PER_CHUNK) }, (_, at) =>
    Buffer.from(kept.slice(at * PER_CHUNK, (at + 1) * PER_CHUNK).join('')),
  );
}

function pass(chunks, watch) {
  const gatherer = new FrameGatherer(1 << 25);
  let bytes = 0;
  for (const chunk of chunks) bytes += watch.see(gatherer.push(chunk)).length;
  watch.see(gatherer.end());
  watch.ended();
  if (!watch.complete || watch.error || bytes === 0) throw new Error('the stream did not get through');
}

/**
 * CPU of each way in alternating rounds.
 * @param {number} [times] how often each way runs in a round: enough for its garbage to be collected within it
 * @returns {{us: number, ratio: {median: number, min: number, max: number}}[]} median µs of one run, and its ratio to the first way's of the same round
 */
function measured(ways, times = 1) {
  const spent = ways.map(() => []);
  for (let round = -2; round < ROUNDS; round++) {
    ways.forEach((way, at) => {
      const before = process.cpuUsage();
      for (let time = 0; time < times; time++) way();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) spent[at].push((user + system) / times); // the first rounds warm up
    });
  }
  return spent.map(runs => ({
    us: median(runs),
    ratio: summary(runs.map((us, round) => us / spent[0][round])),
  }));
}

const ratioText = ({ median: middle, min, max }) => `${middle.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})`;

console.log(
  `CPU per chunk of ${PER_CHUNK} frames, median of ${ROUNDS} alternating rounds; × the same bytes passed through\n`,
);
for (const from of languages) {
  const chunks = chunksIn(from);
  const others = languages.filter(to => to !== from);
  const [identity, ...translated] = measured([
    () => pass(chunks, from.upstream.frameWatch({ includeUsage: true })),
    ...others.map(
      to => () => pass(chunks, new Translation(to.inbound, from.upstream, provider, stamp).frameWatch(stamp)),
    ),
  ]);
  const each = ({ us }) => `${(us / chunks.length).toFixed(1)} µs`;
  console.log(`${from.name}: passed through ${each(identity)}`);
  others.forEach((to, at) => {
    console.log(`  for callers of ${to.name}: ${each(translated[at])}, ${ratioText(translated[at].ratio)}`);
  });
}

/** 1 MB of conversation as an agent has it, in chat's dialect; callers of the others say it in theirs. */
const text = 'The quick brown fox jumps over the lazy dog, "once more".\n';
const turn = at => [
  { role: 'user', content: text.repeat(12) },
  {
    role: 'assistant',
    content: text.repeat(4),
    tool_calls: [
      {
        id: `call_${at}`,
        type: 'function',
        function: { name: 'edit', arguments: JSON.stringify({ file: 'a.ts', text }) },
      },
    ],
  },
  { role: 'tool', tool_call_id: `call_${at}`, content: text.repeat(24) },
];
const tools = [{ type: 'function', function: { name: 'edit', description: text, parameters: { type: 'object' } } }];
const chat = {
  model: 'm',
  messages: Array.from({ length: 400 }, (_, at) => turn(at)).flat(),
  tools,
  max_completion_tokens: 100,
};
const onlySpokenTo = [
  { name: 'OpenAI Responses', upstream: openaiResponses },
  { name: 'Bedrock Converse', upstream: bedrockConverse },
  { name: 'Cohere', upstream: cohereChat },
];
const writtenFor = ({ upstream }, conversation) =>
  upstream.writeRequest(conversation, { model: 'm', stream: false, traits }).body;

console.log('\nA conversation of 1 MB read, written anew and serialised; × JSON.parse and JSON.stringify of it\n');
for (const from of languages) {
  const said = from.inbound === openaiChat ? chat : writtenFor(from, openaiChat.readRequest(chat));
  const raw = JSON.stringify(said);
  const others = [...languages, ...onlySpokenTo].filter(to => to !== from);
  const rewritten = to => () => JSON.stringify(writtenFor(to, from.inbound.readRequest(JSON.parse(raw))));
  const [, ...translated] = measured([() => JSON.stringify(JSON.parse(raw)), ...others.map(rewritten)], 20);
  others.forEach((to, at) => {
    const { us, ratio } = translated[at];
    const size = `${(raw.length / 1e6).toFixed(2)} MB, ${(us / 1000).toFixed(1)} ms`;
    console.log(`${from.name} → ${to.name}: ${size}, ${ratioText(ratio)}`);
  });
}
