import { fileURLToPath } from 'node:url';
import { OTHER_CORE, printedPort, start, stop } from '../processes.mjs';

const script = fileURLToPath(new URL('../servers/fake-upstream.mjs', import.meta.url));

/** The fake upstream; asked without a proxy between, it is also the ceiling that each row is held against. */
export async function startUpstream({ chunks, delay }) {
  const child = start(OTHER_CORE, [process.execPath, script, '--chunks', String(chunks), '--delay', String(delay)]);
  const port = await printedPort(child, 'the fake upstream');
  return { name: 'direct', port, pid: child.pid, headers: {}, stop: () => stop(child) };
}
