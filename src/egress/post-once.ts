import { Client } from 'undici';

export interface PostLimits {
  /** For everything, from the first look-up of the name to the answer's head. */
  readonly deadlineMs: number;
  /** Of the answer; the rest is not read. */
  readonly mostBytes: number;
  readonly signal?: AbortSignal;
}

/** What came back. A redirect is an answer like any other: nothing that was signed for one place goes to another. */
export interface Posted {
  readonly status: number;
  /** Its beginning. */
  readonly text: string;
}

/**
 * One POST of JSON to a URL that an operator has set, private networks included, on a connection of its own.
 * @throws Error whose message says what kind of failure it was
 */
export async function postOnce(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  { deadlineMs, mostBytes, signal }: PostLimits,
): Promise<Posted> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const client = new Client(url.origin, { connect: { timeout: deadlineMs }, maxHeaderSize: 16 * 1024 });
  try {
    const answer = await client.request({
      method: 'POST',
      path: url.pathname + url.search,
      headers: { 'content-type': 'application/json', 'user-agent': 'Lazu', ...headers },
      body,
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
    });
    return { status: answer.statusCode, text: await beginning(answer.body, mostBytes) };
  } catch (cause) {
    throw new Error(deadline.aborted ? `no answer within ${deadlineMs} ms` : reasonOf(cause), { cause });
  } finally {
    await client.destroy();
  }
}

/** The head is the answer: a body that breaks off, or does not end in time, changes nothing about it. */
async function beginning(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk.subarray(0, mostBytes - size));
      size += chunk.length;
      if (size >= mostBytes) break;
    }
  } catch {
    // What came is what there is.
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An error of several addresses says nothing itself, but for its code: https://nodejs.org/api/errors.html#class-aggregateerror */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message !== '' ? message : (code ?? 'no connection');
}
