import { Pool } from 'undici';

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Few connections, each always busy, until all is asked. */
export async function crowd(
  lazu: { readonly url: string; readonly apiKey: string },
  count: number,
  ask: (at: number) => string | Buffer,
  judge: (at: number, answer: Answered) => void,
): Promise<void> {
  const CONNECTIONS = 12;
  const pool = new Pool(lazu.url, { connections: CONNECTIONS });
  const headers = { authorization: `Bearer ${lazu.apiKey}`, 'content-type': 'application/json' };
  let next = 0;
  const work = async () => {
    for (let at = next++; at < count; at = next++) {
      const answer = await pool.request({ method: 'POST', path: '/v1/chat/completions', headers, body: ask(at) });
      judge(at, { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  await pool.close();
}
