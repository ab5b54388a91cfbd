-- From a posting to the requests that it charges. Records of a batch are written together, and batches grow with the table: BRIN costs
-- next to nothing to keep.
CREATE INDEX "usage_records_batch_id_idx" ON "usage_records" USING BRIN ("batch_id");
