-- The order in which postings were written: what a checkpoint is up to. No order of commits; src/billing/checkpoints.service.ts says how
-- it is made a safe one.
ALTER TABLE "ledger_postings" ADD COLUMN "position" BIGSERIAL NOT NULL;

-- A balance reads the postings of one account after its checkpoint, from the index alone, and the job all that are new. The latter by a BRIN index, which costs
-- next to nothing to keep, since positions grow with the table.
DROP INDEX "ledger_postings_ledger_account_transaction_id_idx";
CREATE INDEX "ledger_postings_ledger_account_position_amount_micro_usd_idx" ON "ledger_postings"("ledger_account", "position", "amount_micro_usd");
CREATE INDEX "ledger_postings_position_idx" ON "ledger_postings" USING BRIN ("position");

-- What an account has by all its postings up to a position.
CREATE TABLE "ledger_checkpoints" (
    "ledger_account" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "balance_micro_usd" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_checkpoints_pkey" PRIMARY KEY ("ledger_account")
);
