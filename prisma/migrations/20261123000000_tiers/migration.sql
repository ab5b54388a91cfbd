-- A tier that an admin set stays; one that Lazu set follows spend and top-ups.
ALTER TABLE "accounts" ADD COLUMN "tier_pinned" BOOLEAN NOT NULL DEFAULT false;
UPDATE "accounts" SET "tier_pinned" = true WHERE "tier" IS NOT NULL;

-- What runs once at a time of day, on whichever process gets there first.
CREATE TABLE "daily_jobs" (
    "name" TEXT NOT NULL,
    "last_run_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "daily_jobs_pkey" PRIMARY KEY ("name")
);
