import { Agent, request } from 'node:http';

/**
 * Requests at a fixed rate, sent on time whether or not earlier ones have been answered: a slow target cannot slow its own load.
 * @param {{port: number, headers: Record<string, string>}} target
 * @param {{body: Buffer, perSecond: number, count: number}} load
 * @returns {Promise<{latenciesMs: number[], seconds: number, errors: number}>} from the call to the last byte
 */
export async function openLoop(target, { body, perSecond, count }) {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const headers = { 'content-type': 'application/json', 'content-length': body.length, ...target.headers };
  const options = {
    host: '127.0.0.1',
    port: target.port,
    path: '/v1/chat/completions',
    method: 'POST',
    agent,
    headers,
  };
  const latenciesMs = [];
  let errors = 0;

  const send = () =>
    new Promise(resolve => {
      const sent = performance.now();
      const failed = () => {
        errors++;
        resolve();
      };
      const call = request(options, answer => {
        answer.resume();
        answer.on('error', failed);
        answer.on('end', () => {
          if (answer.statusCode === 200) latenciesMs.push(performance.now() - sent);
          else errors++;
          resolve();
        });
      });
      call.on('error', failed);
      call.end(body);
    });

  const started = performance.now();
  const answers = [];
  await new Promise(resolve => {
    const tick = () => {
      // All that are due by now; timers are a millisecond coarse, and requests are five apart.
      while (answers.length < count && started + (answers.length * 1000) / perSecond <= performance.now())
        answers.push(send());
      if (answers.length === count) resolve();
      else setTimeout(tick, started + (answers.length * 1000) / perSecond - performance.now());
    };
    tick();
  });
  await Promise.all(answers);
  agent.destroy();
  return { latenciesMs, seconds: (performance.now() - started) / 1000, errors };
}
