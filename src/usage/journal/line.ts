import type { Opening } from '../meter.js';
import type { UsageRecord } from '../usage-record.js';

/**
 * A journal is lines of JSON: `{"type":"opened","request":{…}}` when a request is dispatched, `{"type":"closed","record":{…}}`
 * with the whole usage record when it ends. Both start with a fixed prefix, so that a record travels from here to Postgres as
 * the text it was written as.
 */
const OPENED = '{"type":"opened","request":';
const CLOSED = '{"type":"closed","record":';

/** What an `opened` line says: enough to write the record of a request whose process was killed. */
export interface OpenedRequest {
  readonly request_id: string;
  readonly account_id: string;
  readonly key_id: string;
  /** Milliseconds since the epoch. */
  readonly started_at: number;
  readonly endpoint: string;
  readonly protocol: string;
  readonly stream: boolean;
  readonly model: string;
  readonly catalog_model: string;
}

/** Written by hand: this runs for every request, and only the model's name comes from outside. */
export function openedLine(opening: Opening): string {
  const model = JSON.stringify(opening.model);
  const catalogModel = opening.catalogModel === opening.model ? model : JSON.stringify(opening.catalogModel);
  return (
    `${OPENED}{"request_id":"${opening.requestId}","account_id":"${opening.accountId}","key_id":"${opening.keyId}",` +
    `"started_at":${opening.startedAt},"endpoint":"${opening.endpoint}","protocol":"${opening.protocol}",` +
    `"stream":${opening.stream},"model":${model},"catalog_model":${catalogModel}}}\n`
  );
}

/** @param record a usage record as JSON text */
export function closedLine(record: string): string {
  return `${CLOSED}${record}}\n`;
}

export type Line =
  | { readonly type: 'opened'; readonly request: OpenedRequest }
  | { readonly type: 'closed'; readonly requestId: string; readonly record: string };

/** @returns undefined for a line that is torn or not ours */
export function readLine(line: string): Line | undefined {
  try {
    if (line.startsWith(CLOSED)) {
      const { record } = JSON.parse(line) as { record: UsageRecord };
      return { type: 'closed', requestId: record.request_id, record: line.slice(CLOSED.length, -1) };
    }
    if (line.startsWith(OPENED)) {
      return { type: 'opened', request: (JSON.parse(line) as { request: OpenedRequest }).request };
    }
  } catch {
    // A process killed in the middle of its last write leaves a torn line; its caller never saw the end.
  }
  return undefined;
}

/** `request_id` is the first field of every record, so that it can be told without parsing. */
const ID_STARTS = '{"request_id":"'.length;
const ID_LENGTH = 'req_lazu_'.length + 26;

const ACCOUNT_STARTS = '","account_id":"';

/** The second field. */
export function accountIdOf(record: string): string {
  const start = ID_STARTS + ID_LENGTH + ACCOUNT_STARTS.length;
  return record.slice(start, record.indexOf('"', start));
}

const KEY_STARTS = '","key_id":"';

/** The third field. */
export function keyIdOf(record: string): string {
  const end = ID_STARTS + ID_LENGTH + ACCOUNT_STARTS.length + accountIdOf(record).length;
  const start = end + KEY_STARTS.length;
  return record.slice(start, record.indexOf('"', start));
}

export function requestIdOf(record: string): string {
  return record.slice(ID_STARTS, ID_STARTS + ID_LENGTH);
}
