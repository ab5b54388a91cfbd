const TAIL = 32;

/** Takes HTTP/1.1 answers with `transfer-encoding: chunked` off a raw socket: cheap enough to read 200 streams at once. */
export class ChunkedReader {
  #line = ''; // an unfinished head or size line
  #state = 'head'; // head → size ⇄ data → trailer → head
  #left = 0; // bytes of this chunk still to come, with its CRLF
  #answer = fresh();

  /** @param {(answer: {status: number, bytes: number, tail: string}) => void} onAnswer called at the end of each answer */
  constructor(onAnswer) {
    this.onAnswer = onAnswer;
  }

  /** @param {Buffer} part whatever the socket gave, split anywhere */
  push(part) {
    let at = 0;
    while (at < part.length) {
      if (this.#state === 'data') at = this.#data(part, at);
      else at = this.#text(part, at);
    }
  }

  /** Body bytes of the answer that is being read. */
  get bytes() {
    return this.#answer.bytes;
  }

  #data(part, at) {
    const end = Math.min(part.length, at + this.#left);
    const payload = Math.max(0, Math.min(end - at, this.#left - 2));
    this.#answer.bytes += payload;
    // The tail is what could hold the last event.
    const last = part.latin1Slice(Math.max(at, at + payload - TAIL), at + payload);
    this.#answer.tail = (this.#answer.tail + last).slice(-TAIL);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = 'size';
    return end;
  }

  #text(part, at) {
    const mark = this.#state === 'head' ? '\r\n\r\n' : '\r\n';
    const before = this.#line.length;
    const stop = Math.min(part.length, at + (this.#state === 'head' ? 4096 : 32));
    const text = this.#line + part.latin1Slice(at, stop);
    const end = text.indexOf(mark);
    if (end < 0) {
      this.#line = text;
      return stop;
    }
    this.#line = '';
    const line = text.slice(0, end);
    if (this.#state === 'head') this.#head(line);
    else if (this.#state === 'size') this.#size(line);
    else if (line === '') this.#end();
    return at + end + mark.length - before;
  }

  #head(head) {
    this.#answer.status = Number(head.slice(9, 12));
    if (!/\r\ntransfer-encoding: *chunked/i.test(head)) throw new Error(`expected a chunked answer, got:\n${head}`);
    this.#state = 'size';
  }

  #size(line) {
    const size = parseInt(line, 16);
    if (!(size >= 0)) throw new Error(`not a chunk size: ${line}`);
    this.#state = size === 0 ? 'trailer' : 'data';
    this.#left = size + 2;
  }

  #end() {
    const answer = this.#answer;
    this.#answer = fresh();
    this.#state = 'head';
    this.onAnswer(answer);
  }
}

const fresh = () => ({ status: 0, bytes: 0, tail: '' });
