import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChunkedReader } from './chunked-reader.mjs';

function requestBytes(target, { path, body }) {
  const headers = { host: `127.0.0.1:${target.port}`, 'content-type': 'application/json', ...target.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Where all sockets read to: what was read is counted before the next read, so one buffer does for all. */
const shared = Buffer.allocUnsafe(64 * 1024);

/** A socket whose bytes go to `take` without an allocation or an event each. */
const open = (target, take, onConnect) =>
  connect({
    port: target.port,
    host: '127.0.0.1',
    noDelay: true,
    onread: { buffer: shared, callback: (length, buffer) => take(buffer.subarray(0, length)) },
  }).once('connect', onConnect);

/** One connection that asks for `times` streams, one after the other; calls `onAnswer` for each. */
function ask(target, request, times, onAnswer) {
  return new Promise((resolve, reject) => {
    let left = times;
    const reader = new ChunkedReader(answer => {
      onAnswer(answer);
      if (--left > 0) socket.write(request);
      else socket.end();
    });
    const socket = open(
      target,
      part => take(reader, part, socket),
      () => socket.write(request),
    );
    socket.on('error', reject);
    socket.on('close', () =>
      left === 0 ? resolve() : reject(new Error(`${target.name} closed ${left} streams early`)),
    );
  });
}

/** @returns true: read on */
function take(reader, part, socket) {
  try {
    reader.push(part);
  } catch (error) {
    socket.destroy(error);
  }
  return true;
}

/**
 * `connections` streams at a time, `times` one after the other on each.
 * @param {{path: string, body: Buffer, dialect: {end: RegExp}, connections: number}} row
 * @param {{times: number, expectedBytes: number}} amount `expectedBytes`: the body of one stream, as counted when it was checked
 *   event by event; any other length is an error
 * @returns {Promise<{requests: number, seconds: number, errors: number}>}
 */
export async function streams(target, row, { times, expectedBytes }) {
  const { connections, dialect } = row;
  const request = requestBytes(target, row);
  let errors = 0;
  const judge = ({ status, bytes, tail }) => {
    if (status !== 200 || bytes !== expectedBytes || !dialect.end.test(tail)) errors++;
  };
  const started = process.hrtime.bigint();
  await Promise.all(Array.from({ length: connections }, () => ask(target, request, times, judge)));
  return { requests: connections * times, seconds: Number(process.hrtime.bigint() - started) / 1e9, errors };
}

/**
 * Opens streams and keeps them open.
 * @returns {Promise<{close(): void}>} when each has given its first bytes
 */
export async function openStreams(target, row) {
  const { count } = row;
  const request = requestBytes(target, row);
  const openOne = () =>
    new Promise((resolve, reject) => {
      const reader = new ChunkedReader(() => socket.destroy(new Error(`${target.name} ended a stream early`)));
      const first = part => {
        take(reader, part, socket);
        if (reader.bytes > 0) resolve(socket);
        return true;
      };
      const socket = open(target, first, () => socket.write(request));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`${target.name} closed a stream early`)));
    });
  const sockets = [];
  // A hundred at a time: a burst of a thousand would measure the accept queue.
  for (let at = 0; at < count; at += 100) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(100, count - at) }, openOne))));
    await sleep(20);
  }
  return {
    stillOpen: () => sockets.filter(socket => !socket.destroyed).length,
    close: () => sockets.forEach(socket => socket.destroy()),
  };
}
