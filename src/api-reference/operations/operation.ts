import type { ErrorCode } from '../../errors.js';
import type { Envelope } from '../error-responses.js';
import { listOf, nullable, object, ref, text, type Schema } from '../schemas/schema.js';

/** In the order in which the reference shows them. */
export const TAGS = {
  Chat: 'The endpoints that the SDKs of vendors call. They are served in front of Express and speak JSON or server-sent events.',
  Models: 'What this key may call, and what it costs.',
  Account: "What this key's own calls cost, what it has left, and how it is paid for.",
  'Admin: accounts': 'Customers and their money.',
  'Admin: keys': 'Caller keys, shown whole once, and admin keys.',
  'Admin: alerts': 'Budgets, and the webhooks that are told when they are crossed.',
  'Admin: catalog': 'Channels to providers, models and prices.',
  'Admin: records': 'Usage of everybody, and who changed what.',
  Operation: 'For balancers and monitoring. No key.',
  Reference: 'This document. No key.',
} as const;

export type Tag = keyof typeof TAGS;

/** What the reference says of one route that its code cannot say of itself. */
export interface Operation {
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Of success; 201 where something is made. */
  readonly status?: number;
  readonly answer: Schema;
  /** `application/json` unless it says otherwise. */
  readonly mediaType?: string;
  /** Beyond those that every route of its kind may answer. */
  readonly errors?: readonly ErrorCode[];
  /** Default: Lazu's own. */
  readonly errorEnvelope?: Envelope;
}

/** By `METHOD /path/{parameter}`. */
export type Operations = Readonly<Record<string, Operation>>;

/** One page of a list: hand `last_id` back as `after`. */
export const pageOf = (name: string): Schema =>
  object({
    data: listOf(ref(name)),
    has_more: { type: 'boolean' },
    last_id: nullable(text('Hand it back as `after`; null on an empty page.')),
  });
