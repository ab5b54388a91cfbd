-- What operators search for and is rare: without these a search for what hardly ever happened reads every partition.
CREATE INDEX "usage_records_catalog_model_request_id_idx" ON "usage_records"("catalog_model", "request_id");
CREATE INDEX "usage_records_channel_id_request_id_idx" ON "usage_records"("channel_id", "request_id");

-- Of the few that went wrong only.
CREATE INDEX "usage_records_unusual_status_idx" ON "usage_records"("status", "request_id") WHERE "status" <> 'completed';
CREATE INDEX "usage_records_error_code_idx" ON "usage_records"("error_code", "request_id") WHERE "error_code" IS NOT NULL;
