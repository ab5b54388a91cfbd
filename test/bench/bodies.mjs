/** Request bodies: one realistic chat conversation, grown turn by turn to the size asked for. Deterministic. */
import { MODEL } from './servers/answers.mjs';

const SYSTEM = 'You help a team that runs web services. Answer briefly; say what you are unsure of.';

/** From here on people paste logs and code, as they do: turns of 1–2 KB with line breaks, quotes and escapes. */
const PASTES_FROM = 16 * 1024;
const LOG = Array.from(
  { length: 16 },
  (_, at) => `14:${String(at + 10)}:51.0${at} WARN [orders] probe "/readyz" 503 after ${at * 17} ms (attempt ${at}/16)`,
)
  .concat('14:27:00.00 ERROR [orders] unhealthy → restart')
  .join('\n');
const CODE =
  '```yaml\nstartupProbe:\n  httpGet: { path: "/readyz", port: 8080 }\n  failureThreshold: 60\n\tperiodSeconds: 5\n```\n';

const TURNS = [
  'Our deploy failed at 14:05: "readiness probe: HTTP 503". What first?',
  'See whether the probe began before the migration had ended: `kubectl describe pod`.',
  'It did. Is it safe to just raise the delay — to, say, 90 s?',
  'Only until the next long migration. Better a `startupProbe`, or a job before the roll-out. Żadna zmiana w kodzie.',
];

function pairs(pasting) {
  const say = (role, text, paste) => ({ role, content: pasting ? `${text}\n\n${paste}` : text });
  return [0, 2].map(at => [say('user', TURNS[at], LOG), say('assistant', TURNS[at + 1], CODE + CODE + CODE)]);
}

/** Room kept for the last question. */
const LAST_TURN = 60;

/**
 * @param {number} bytes length of the JSON; the last turn fills it exactly
 * @param {{stream?: boolean, model?: string}} [extra] further fields of the request
 * @returns {Buffer}
 */
export function chatBody(bytes, extra = {}) {
  const body = { model: MODEL, ...extra, temperature: 0.2, messages: [{ role: 'system', content: SYSTEM }] };
  const size = () => Buffer.byteLength(JSON.stringify(body));
  const turns = pairs(bytes >= PASTES_FROM);
  let length = size();
  for (let at = 0; ; at++) {
    const pair = turns[at % turns.length];
    length += Buffer.byteLength(JSON.stringify(pair)) - 1;
    if (length + LAST_TURN > bytes) break;
    body.messages.push(...pair);
  }
  body.messages.push({ role: 'user', content: '' });
  const missing = bytes - size();
  const question = 'And what do you think of that? ';
  body.messages.at(-1).content = question.repeat(Math.ceil(missing / question.length)).slice(0, missing);
  return Buffer.from(JSON.stringify(body));
}

/**
 * The same length in ASCII alone. Text with a single arrow or curly quote takes Node's slow way from UTF-8 to a string and twice the
 * memory, so the two are worth telling apart; the rows have such characters, as what people write does.
 */
export const inAscii = body =>
  Buffer.from(body.toString().replace(/[^\x00-\x7f]/gu, character => '-'.repeat(Buffer.byteLength(character))));
