/**
 * An upstream that costs as little as Node can: raw sockets, answers rendered once, bodies counted and not kept.
 * It has to outrun every proxy in front of it by far, or the bench would measure it instead.
 *
 *   node fake-upstream.mjs [--chunks 100] [--delay 0]      prints `listening <port>`
 *
 * A request whose body says `"stream":true` gets `--chunks` events, one write each, `--delay` milliseconds apart (0: one per
 * turn of the event loop, so that streams interleave); a usage event when `"include_usage":true` was asked. All else: one JSON answer.
 * It speaks OpenAI chat, and in streams Anthropic Messages, Gemini and OpenAI Responses, by the path.
 */
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { jsonAnswer, streamAnswer } from './answers.mjs';
import { geminiStream, messagesStream, responsesStream } from './foreign-answers.mjs';

const { values } = parseArgs({
  options: { chunks: { type: 'string', default: '100' }, delay: { type: 'string', default: '0' } },
});
const chunks = Number(values.chunks);
const delay = Number(values.delay);

/** Only small bodies are looked into: the big ones of the bench never ask for a stream. */
const LOOK_INTO = 16 * 1024;

const plain = jsonAnswer();
const frames = { bare: streamAnswer(chunks, false), withUsage: streamAnswer(chunks, true) };
const foreign = [
  [/\/messages$/, messagesStream(chunks)],
  [/:streamGenerateContent\?/, geminiStream(chunks)],
  [/\/responses$/, responsesStream(chunks)],
];

/** @returns {Buffer[] | undefined} undefined: no stream was asked for */
function scriptFor(path, body) {
  const spoken = foreign.find(([paths]) => paths.test(path));
  if (spoken) return spoken[1];
  if (!body?.includes('"stream":true')) return undefined;
  return body.includes('"include_usage":true') ? frames.withUsage : frames.bare;
}

function answer(socket, script, done) {
  if (script === undefined) {
    socket.write(plain);
    done();
    return;
  }
  let next = 0;
  const step = () => {
    if (socket.destroyed) return;
    const flowing = socket.write(script[next++]);
    if (next === script.length) done();
    else if (!flowing) socket.once('drain', step);
    else if (delay > 0 && next < script.length - 1) setTimeout(step, delay);
    else setImmediate(step);
  };
  step();
}

function serve(socket) {
  socket.setNoDelay(true);
  let head = ''; // an unfinished request head
  let missing = -1; // bytes of the body still to come; -1: between requests
  let kept = null; // the body's parts, when it is small enough to look into
  let path = '';
  let answering = false;
  let waiting = []; // what came while an answer was being written (nobody here pipelines, but be right)

  const finish = () => {
    const body = kept === null ? undefined : Buffer.concat(kept).latin1Slice();
    missing = -1;
    answering = true;
    answer(socket, scriptFor(path, body), () => {
      answering = false;
      const rest = waiting;
      waiting = [];
      for (const part of rest) take(part);
    });
  };

  function take(part) {
    if (part.length === 0) return;
    if (answering) {
      waiting.push(part);
      return;
    }
    if (missing < 0) {
      const before = head.length;
      head += part.latin1Slice();
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(head.slice(0, end));
      if (length === null) {
        socket.end('HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\n\r\n');
        return;
      }
      missing = Number(length[1]);
      path = head.slice(0, head.indexOf('\r\n')).split(' ')[1];
      kept = missing <= LOOK_INTO ? [] : null;
      part = part.subarray(end + 4 - before);
      head = '';
    }
    const mine = part.length > missing ? part.subarray(0, missing) : part;
    missing -= mine.length;
    kept?.push(mine);
    if (missing > 0) return;
    finish();
    if (mine.length < part.length) take(part.subarray(mine.length));
  }

  socket.on('data', take);
  socket.on('error', () => socket.destroy());
}

const server = createServer(serve);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log(`listening ${server.address().port}`));
