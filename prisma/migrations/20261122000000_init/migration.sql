-- Everything down to "By hand" is what Prisma's schema engine makes of schema.prisma, but for usage_records being partitioned by
-- the time inside its ULID ids: a day is a prefix range (COLLATE "C": bytes), so old days are dropped, never deleted row by row.

-- CreateTable
CREATE TABLE "accounts" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "tier" TEXT,
    "rpm" INTEGER,
    "tpm" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "prefix" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "disabled" BOOLEAN NOT NULL DEFAULT false,
    "expires_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "allowed_models" JSONB,
    "ip_allowlist" JSONB,
    "quota_micro_usd" BIGINT,
    "quota_period" TEXT,
    "lanes" JSONB NOT NULL DEFAULT '{}',
    "rpm" INTEGER,
    "tpm" INTEGER,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "admin_keys" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "prefix" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "admin_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "vendors" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "vendors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "models" (
    "name" TEXT NOT NULL,
    "vendor_id" TEXT NOT NULL,
    "modality" JSONB NOT NULL,
    "supported_endpoint_types" TEXT[],
    "default_endpoint_type" TEXT NOT NULL,
    "parameters" JSONB NOT NULL DEFAULT '{}',
    "context_length" INTEGER,
    "max_output_tokens" INTEGER,
    "official_prices" JSONB NOT NULL DEFAULT '{}',
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created" INTEGER NOT NULL DEFAULT 0,
    "deprecated_at" TIMESTAMPTZ(3),
    "source" TEXT NOT NULL DEFAULT 'admin',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "models_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "model_aliases" (
    "alias" TEXT NOT NULL,
    "model_name" TEXT NOT NULL,

    CONSTRAINT "model_aliases_pkey" PRIMARY KEY ("alias")
);

-- CreateTable
CREATE TABLE "prices" (
    "id" TEXT NOT NULL,
    "model_name" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "rates" JSONB NOT NULL,
    "source" TEXT NOT NULL DEFAULT 'admin',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "superseded_at" TIMESTAMPTZ(3),

    CONSTRAINT "prices_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channels" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "lane" TEXT NOT NULL DEFAULT 'direct',
    "base_url" TEXT,
    "credential_ciphertext" BYTEA,
    "credential_key_id" TEXT,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "weight" INTEGER NOT NULL DEFAULT 1,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "options" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "channels_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "channel_models" (
    "channel_id" TEXT NOT NULL,
    "model_name" TEXT NOT NULL,
    "upstream_model" TEXT,

    CONSTRAINT "channel_models_pkey" PRIMARY KEY ("channel_id","model_name")
);

-- CreateTable
CREATE TABLE "usage_records" (
    "request_id" TEXT COLLATE "C" NOT NULL,
    "account_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "batch_id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "endpoint" TEXT NOT NULL,
    "protocol" TEXT NOT NULL,
    "stream" BOOLEAN NOT NULL,
    "model" TEXT NOT NULL,
    "catalog_model" TEXT NOT NULL,
    "resolved_model" TEXT,
    "vendor_id" TEXT,
    "provider" TEXT,
    "channel_id" TEXT,
    "lane" TEXT,
    "status" TEXT NOT NULL,
    "http_status" INTEGER NOT NULL,
    "error_code" TEXT,
    "usage_source" TEXT NOT NULL,
    "usage_mismatch" BOOLEAN NOT NULL DEFAULT false,
    "dimensions" JSONB NOT NULL,
    "reasoning_tokens" INTEGER,
    "line_items" JSONB NOT NULL,
    "charge_micro_usd" BIGINT NOT NULL,
    "price_id" TEXT,
    "provider_usage" JSONB,
    "routing" JSONB NOT NULL,
    "timings" JSONB NOT NULL,

    CONSTRAINT "usage_records_pkey" PRIMARY KEY ("request_id")
) PARTITION BY RANGE ("request_id");

-- What no partition was made for lands here instead of failing; its being non-empty is alarmed (src/usage/partitions.ts).
CREATE TABLE "usage_records_default" PARTITION OF "usage_records" DEFAULT;

-- CreateTable
CREATE TABLE "usage_rollups" (
    "day" DATE NOT NULL,
    "account_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "requests" BIGINT NOT NULL DEFAULT 0,
    "failures" BIGINT NOT NULL DEFAULT 0,
    "input_tokens" BIGINT NOT NULL DEFAULT 0,
    "cache_read_tokens" BIGINT NOT NULL DEFAULT 0,
    "output_tokens" BIGINT NOT NULL DEFAULT 0,
    "charge_micro_usd" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "usage_rollups_pkey" PRIMARY KEY ("day","account_id","key_id","model","lane")
);

-- CreateTable
CREATE TABLE "ledger_transactions" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "note" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_transactions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_postings" (
    "transaction_id" TEXT NOT NULL,
    "ledger_account" TEXT NOT NULL,
    "amount_micro_usd" BIGINT NOT NULL,

    CONSTRAINT "ledger_postings_pkey" PRIMARY KEY ("transaction_id","ledger_account")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_key_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target_type" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "ip" TEXT,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "change_versions" (
    "topic" TEXT NOT NULL,
    "version" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "change_versions_pkey" PRIMARY KEY ("topic")
);

-- CreateTable
CREATE TABLE "instances" (
    "id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "instances_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

-- CreateIndex
CREATE INDEX "api_keys_account_id_id_idx" ON "api_keys"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "admin_keys_hash_key" ON "admin_keys"("hash");

-- CreateIndex
CREATE INDEX "model_aliases_model_name_idx" ON "model_aliases"("model_name");

-- CreateIndex
CREATE INDEX "prices_model_name_lane_created_at_idx" ON "prices"("model_name", "lane", "created_at");

-- CreateIndex
CREATE INDEX "channel_models_model_name_idx" ON "channel_models"("model_name");

-- CreateIndex
CREATE INDEX "usage_records_account_id_request_id_idx" ON "usage_records"("account_id", "request_id");

-- CreateIndex
CREATE INDEX "usage_records_key_id_request_id_idx" ON "usage_records"("key_id", "request_id");

-- CreateIndex
CREATE INDEX "usage_rollups_account_id_day_idx" ON "usage_rollups"("account_id", "day");

-- CreateIndex
CREATE INDEX "ledger_transactions_account_id_id_idx" ON "ledger_transactions"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_transactions_account_id_kind_reference_key" ON "ledger_transactions"("account_id", "kind", "reference");

-- CreateIndex
CREATE INDEX "ledger_postings_ledger_account_transaction_id_idx" ON "ledger_postings"("ledger_account", "transaction_id");

-- CreateIndex
CREATE INDEX "audit_events_target_type_target_id_idx" ON "audit_events"("target_type", "target_id");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "models" ADD CONSTRAINT "models_vendor_id_fkey" FOREIGN KEY ("vendor_id") REFERENCES "vendors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_aliases" ADD CONSTRAINT "model_aliases_model_name_fkey" FOREIGN KEY ("model_name") REFERENCES "models"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "prices" ADD CONSTRAINT "prices_model_name_fkey" FOREIGN KEY ("model_name") REFERENCES "models"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_models" ADD CONSTRAINT "channel_models_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_models" ADD CONSTRAINT "channel_models_model_name_fkey" FOREIGN KEY ("model_name") REFERENCES "models"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_transactions" ADD CONSTRAINT "ledger_transactions_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_postings" ADD CONSTRAINT "ledger_postings_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "ledger_transactions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- By hand ------------------------------------------------------------------------------------------------------------------

-- One price in force per model and lane; older ones stay, to explain old usage records.
CREATE UNIQUE INDEX "prices_in_force_key" ON "prices"("model_name", "lane") WHERE "superseded_at" IS NULL;

-- The change feed. Every change bumps its topic's version (polled, the safety net) and is told by NOTIFY:
--   <topic>@<version>   once per transaction and topic, first
--   <topic>:<row id>    for every row
-- Deferred to the commit, behind one lock that is taken before any version row: so versions come in commit order and two
-- transactions that change several topics can not lock each other out.
INSERT INTO "change_versions" ("topic") VALUES ('accounts'), ('api_keys'), ('admin_keys'), ('catalog'), ('channels');

CREATE FUNCTION "lazu_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    topic_name text := TG_ARGV[0];
    setting text := 'lazu.bumped_' || TG_ARGV[0];
    transaction_id text := pg_current_xact_id()::text;
    new_version bigint;
    row_data jsonb;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NULL;
    END IF;
    IF current_setting(setting, true) IS DISTINCT FROM transaction_id THEN
        PERFORM pg_advisory_xact_lock(1279351381, 1);
        UPDATE change_versions SET version = version + 1 WHERE topic = topic_name RETURNING version INTO new_version;
        PERFORM set_config(setting, transaction_id, true);
        PERFORM pg_notify('lazu_changes', topic_name || '@' || new_version);
    END IF;
    row_data := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    PERFORM pg_notify('lazu_changes', topic_name || ':' || (row_data ->> TG_ARGV[1]));
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER "accounts_changed" AFTER INSERT OR UPDATE OR DELETE ON "accounts" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('accounts', 'id');
CREATE CONSTRAINT TRIGGER "api_keys_changed" AFTER INSERT OR UPDATE OR DELETE ON "api_keys" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('api_keys', 'id');
CREATE CONSTRAINT TRIGGER "admin_keys_changed" AFTER INSERT OR UPDATE OR DELETE ON "admin_keys" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('admin_keys', 'id');
CREATE CONSTRAINT TRIGGER "vendors_changed" AFTER INSERT OR UPDATE OR DELETE ON "vendors" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('catalog', 'id');
CREATE CONSTRAINT TRIGGER "models_changed" AFTER INSERT OR UPDATE OR DELETE ON "models" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('catalog', 'name');
CREATE CONSTRAINT TRIGGER "model_aliases_changed" AFTER INSERT OR UPDATE OR DELETE ON "model_aliases" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('catalog', 'model_name');
CREATE CONSTRAINT TRIGGER "prices_changed" AFTER INSERT OR UPDATE OR DELETE ON "prices" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('catalog', 'model_name');
CREATE CONSTRAINT TRIGGER "channels_changed" AFTER INSERT OR UPDATE OR DELETE ON "channels" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('channels', 'id');
CREATE CONSTRAINT TRIGGER "channel_models_changed" AFTER INSERT OR UPDATE OR DELETE ON "channel_models" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "lazu_changed"('channels', 'channel_id');

-- The ledger only grows, and at the commit every transaction has at least two postings that sum to zero.
CREATE FUNCTION "ledger_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger rows are never changed or removed: post an adjustment instead' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER "ledger_transactions_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "ledger_transactions"
    FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();
CREATE TRIGGER "ledger_postings_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "ledger_postings"
    FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();

CREATE FUNCTION "ledger_must_balance"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked text := to_jsonb(NEW) ->> TG_ARGV[0];
    postings bigint;
    total numeric;
BEGIN
    SELECT count(*), coalesce(sum(amount_micro_usd), 0) INTO postings, total FROM ledger_postings WHERE transaction_id = checked;
    IF postings < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'ledger transaction % does not balance: % postings sum to % microUSD', checked, postings, total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER "ledger_transactions_balance" AFTER INSERT ON "ledger_transactions" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "ledger_must_balance"('id');
CREATE CONSTRAINT TRIGGER "ledger_postings_balance" AFTER INSERT ON "ledger_postings" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "ledger_must_balance"('transaction_id');
