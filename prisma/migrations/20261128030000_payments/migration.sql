-- Whose payment is it that was refunded: a provider names the payment, which is the reference of its top-up.
CREATE INDEX "ledger_transactions_topup_reference" ON "ledger_transactions" ("reference") WHERE "kind" = 'topup';
