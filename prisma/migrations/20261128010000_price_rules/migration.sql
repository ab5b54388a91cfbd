-- The vendor's own price, whole: with context tiers and service tiers, in picoUSD like the prices themselves.
ALTER TABLE "models" ADD COLUMN "official" JSONB,
ADD COLUMN "official_source" TEXT,
ADD COLUMN "official_at" TIMESTAMPTZ(3);

-- Its rates stood in USD; tiers stood only in the price that followed them.
UPDATE "models" m
SET "official" = coalesce(followed."rates" - 'rates', '{}') || jsonb_build_object('rates', said."rates"),
    "official_source" = CASE m."source" WHEN 'seed' THEN 'seed' ELSE 'admin' END,
    "official_at" = m."updated_at"
FROM "models" known
LEFT JOIN "prices" followed
    ON followed."model_name" = known."name" AND followed."lane" = 'direct' AND followed."source" = 'seed' AND followed."superseded_at" IS NULL
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(key, trunc(value::numeric * CASE WHEN key = 'requests' OR key LIKE 'tool\_%' THEN 1000000000000 ELSE 1000000 END)::text) AS "rates"
    FROM jsonb_each_text(known."official_prices")
) said
WHERE m."name" = known."name" AND said."rates" IS NOT NULL;

-- The change feed's triggers wait for the commit, and a table cannot be altered meanwhile.
SET CONSTRAINTS ALL IMMEDIATE;

ALTER TABLE "models" DROP COLUMN "official_prices";

-- What a price was made by.
ALTER TABLE "prices" ADD COLUMN "factor_millionths" INTEGER;

CREATE TABLE "price_rules" (
    "vendor_id" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "factor_millionths" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "price_rules_pkey" PRIMARY KEY ("vendor_id","lane")
);

ALTER TABLE "price_rules" ADD CONSTRAINT "price_rules_vendor_id_fkey" FOREIGN KEY ("vendor_id") REFERENCES "vendors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
