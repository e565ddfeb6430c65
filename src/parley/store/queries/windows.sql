-- name: open_windows!
-- services.receive_callbacks: a customer wrote; a later message renews, an older one that comes late does not.
-- Primary key.
INSERT INTO windows (bucket, project_id, customer_id, account, address, last_inbound_at, inbound_id)
SELECT DISTINCT ON (bucket, customer_id, account, address)
    bucket, :project_id, customer_id, account, address, last_inbound_at, inbound_id
FROM unnest(
    :buckets::smallint[], :customer_ids::uuid[], :accounts::text[], :addresses::text[],
    :last_inbound_ats::timestamptz[], :inbound_ids::text[]
) AS new (bucket, customer_id, account, address, last_inbound_at, inbound_id)
ORDER BY bucket, customer_id, account, address, last_inbound_at DESC
ON CONFLICT (bucket, customer_id, account, address) DO UPDATE
SET last_inbound_at = excluded.last_inbound_at, inbound_id = excluded.inbound_id
WHERE windows.last_inbound_at < excluded.last_inbound_at;

-- name: windows_of_customers
-- services.facts: who may be sent free text; primary key.
SELECT w.customer_id, w.account, w.address, w.last_inbound_at, w.inbound_id
FROM windows w
JOIN unnest(:buckets::smallint[], :ids::uuid[]) AS wanted (bucket, id)
    ON w.bucket = wanted.bucket AND w.customer_id = wanted.id
ORDER BY w.last_inbound_at;
