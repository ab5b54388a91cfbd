/**
 * The baseline: what a reverse proxy of nothing but `node:http` costs. It forwards method, path and headers, pipes both bodies, and
 * knows nothing of keys, models, limits or money.
 *
 *   node bare-proxy.mjs --upstream <port>      prints `listening <port>`
 */
import { Agent, createServer, request } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { upstream: { type: 'string' } } });
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 4096 });

const server = createServer((incoming, response) => {
  const outgoing = request(
    {
      host: '127.0.0.1',
      port: Number(values.upstream),
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
      agent,
    },
    answer => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    },
  );
  outgoing.on('error', () => {
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  response.on('close', () => {
    if (!response.writableFinished) outgoing.destroy();
  });
  incoming.pipe(outgoing);
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log(`listening ${server.address().port}`));

// Ended in order, so that a profile is written.
process.on('SIGTERM', () => process.exit(0));
