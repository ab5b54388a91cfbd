import {
  anyObject,
  exactly,
  flag,
  integer,
  listOf,
  mapOf,
  moment,
  nullable,
  object,
  oneOf,
  text,
  type Schema,
} from './schema.js';

const LANE_PREFERENCES = ['direct', 'cheap', 'auto'];
const perMinute = nullable(integer('Per rolling 60 s; null: no limit of its own.'));

const displayed: Readonly<Record<string, Schema>> = {
  prefix: text('The first characters of the key, for display.'),
  last4: text('The last four.'),
};

const apiKey: Readonly<Record<string, Schema>> = {
  id: text(),
  object: exactly('api_key'),
  account_id: text(),
  name: text(),
  ...displayed,
  disabled: flag(),
  expires_at: nullable(moment()),
  allowed_models: nullable(listOf(text(), 'Null: every model; empty: none.')),
  ip_allowlist: nullable(listOf(text(), 'CIDRs; null: from anywhere.')),
  quota_micro_usd: nullable(integer('Most that this key may cost in its period.')),
  quota_period: nullable(oneOf(['total', 'day', 'month'])),
  lanes: mapOf(oneOf(LANE_PREFERENCES), 'By vendor id; a vendor that is not named is `direct`.'),
  rpm: perMinute,
  tpm: perMinute,
  labels: mapOf(text(), "The operator's own."),
  created_at: moment(),
  updated_at: moment(),
};

const adminKey: Readonly<Record<string, Schema>> = {
  id: text(),
  object: exactly('admin_key'),
  name: text(),
  role: oneOf(['owner', 'admin', 'viewer']),
  ...displayed,
  created_at: moment(),
};

const onlyNow = text('The whole key: in this answer and never again.');

const deleted = (name: string): Schema => object({ id: text(), object: exactly(name), deleted: exactly(true) });

/** What management routes answer; the views of `auth/`, `billing/` and `admin/`. */
export const adminSchemas: Readonly<Record<string, Schema>> = {
  Account: object({
    id: text(),
    object: exactly('account'),
    name: text(),
    status: oneOf(['active', 'suspended']),
    tier: nullable(text('One of `TIERS`. Null with `BILLING=off`, unless an admin set one.')),
    tier_pinned: flag('An admin has set it; it does not follow spend and top-ups.'),
    rpm: perMinute,
    tpm: perMinute,
    created_at: moment(),
    updated_at: moment(),
    balance_micro_usd: integer('1 USD = 1,000,000.'),
  }),
  LedgerEntry: object({
    id: text(),
    object: exactly('ledger_entry'),
    account_id: text(),
    kind: oneOf(['topup', 'refund', 'adjustment', 'usage']),
    amount_micro_usd: integer('What the balance gained; negative: what it lost.'),
    reference: text(),
    note: nullable(text()),
    created_at: moment(),
  }),
  LedgerCheck: object({
    object: exactly('ledger_check'),
    ok: flag(),
    transactions: integer(),
    balances_micro_usd: integer("Sum of all customers' balances."),
    limits: nullable(object({ accounts: integer('Whose figures in the limit store were compared.') })),
    problems: listOf(
      object({
        kind: oneOf([
          'unbalanced',
          'wrong_account',
          'charges_differ',
          'checkpoint_differs',
          'credit_differs',
          'held_differs',
        ]),
        id: text(
          'Of the ledger transaction; of the batch with `charges_differ`; the position of a checkpoint; else the account again.',
        ),
        account_id: text(),
        expected: integer('microUSD.'),
        found: integer('microUSD.'),
      }),
      'The first hundred.',
    ),
  }),
  ApiKey: object(apiKey),
  CreatedApiKey: object({ ...apiKey, key: onlyNow }),
  DeletedApiKey: deleted('api_key'),
  AdminKey: object(adminKey),
  CreatedAdminKey: object({ ...adminKey, key: onlyNow }),
  DeletedAdminKey: deleted('admin_key'),
  AuditEvent: object({
    id: text(),
    object: exactly('audit_event'),
    at: moment(),
    actor: object({ key_id: text(), name: text() }),
    action: text('`key.delete`, `account.update` …'),
    target: object({ type: text(), id: text() }),
    before: nullable(anyObject('Null: it was created. Secrets never.')),
    after: nullable(anyObject('Null: it was deleted.')),
    ip: nullable(text()),
  }),
};
