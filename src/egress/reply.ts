import type { Observable } from 'rxjs';

/** One request to a provider, complete but for the connection. */
export interface UpstreamRequest {
  readonly method: 'POST' | 'GET';
  /** Absolute; never derived from anything a caller sent. */
  readonly url: URL;
  /** Lower-case names. Secrets live here and are never logged. */
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
}

/** What an upstream answered: head first, then bytes as they come. */
export interface Reply {
  readonly status: number;
  /** Lower-case names, repeated ones joined with `, `. */
  readonly headers: Record<string, string>;
  /**
   * Subscribe once. Unsubscribing aborts the upstream within a millisecond. Errors are LazuErrors: `upstream_timeout` for a
   * deadline, `upstream_error` for a cut connection.
   */
  readonly bytes$: Observable<Uint8Array>;
}
