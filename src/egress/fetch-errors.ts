import { LazuError } from '../errors.js';
import { namesOf, type PartKind } from './media-types.js';

/** What a caller is told about a URL of theirs. None says where it led to, or why it could not be reached. */
export class FetchErrors {
  constructor(private readonly param: string) {}

  notFetchable(): LazuError {
    return this.#error(
      'Use a URL that starts with https://, without a user name or password in it, of at most 8192 characters.',
    );
  }

  /** One for all: a refused address, an unknown host, a closed port, a bad certificate, silence. Otherwise we would map our network. */
  unreachable(cause: unknown): LazuError {
    return this.#error(
      'The URL could not be fetched. It must answer in time, over HTTPS on port 443 or 8443, on the public internet.',
      cause,
    );
  }

  redirects(most: number): LazuError {
    return this.#error(
      `The URL redirects more than ${most} times, or to something that is no plain https:// URL. Send the final URL.`,
    );
  }

  status(status: number): LazuError {
    return this.#error(`The URL answered with status ${status} instead of 200.`);
  }

  compressed(): LazuError {
    return this.#error('The URL serves compressed content (content-encoding). Use one that serves the file as it is.');
  }

  tooLarge(most: number): LazuError {
    return this.#error(`The file behind the URL is larger than ${most} bytes.`);
  }

  wrongType(kind: PartKind): LazuError {
    return this.#error(
      `The URL must serve ${namesOf(kind).join(', ')}; its content-type and its content must agree on which.`,
    );
  }

  #error(message: string, cause?: unknown): LazuError {
    return new LazuError('invalid_value', message, { param: this.param, cause });
  }
}
