-- What went wrong for one account or with one key: few records, which without these are looked for among all of theirs.
CREATE INDEX "usage_records_account_unusual_idx" ON "usage_records"("account_id", "status", "request_id") WHERE "status" <> 'completed';
CREATE INDEX "usage_records_key_unusual_idx" ON "usage_records"("key_id", "status", "request_id") WHERE "status" <> 'completed';
