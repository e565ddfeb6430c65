-- name: insert_events
-- record_events: many at once; what was recorded before is left out. Primary key, events_of_customer, and
-- events_count_once for those with a client's own id.
-- With each the project's stamp, so that nobody has to ask for it in a round trip of its own.
INSERT INTO events (bucket, id, project_id, customer_id, type, occurred_at, properties, sameness, created_at)
SELECT n.bucket, n.id, :project_id, n.customer_id, n.type, n.occurred_at, n.properties, n.sameness, :now
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :customer_ids::uuid[], :types::text[], :times::timestamptz[],
    :properties::jsonb[], :samenesses::text[]
) AS n (bucket, id, customer_id, type, occurred_at, properties, sameness)
ON CONFLICT DO NOTHING
RETURNING id, (SELECT p.definitions_stamp FROM projects p WHERE p.id = :project_id) AS stamp;

-- name: newest_events
-- customer_data.events and export-one: newest first; events_of_customer.
SELECT type, occurred_at, properties FROM events
WHERE bucket = :bucket AND customer_id = :customer_id AND (:types::text[] IS NULL OR type = ANY(:types::text[]))
ORDER BY occurred_at DESC, id DESC LIMIT :size OFFSET :skip;

-- name: oldest_events
-- customer_data.events and export-one: oldest first; events_of_customer.
SELECT type, occurred_at, properties FROM events
WHERE bucket = :bucket AND customer_id = :customer_id AND (:types::text[] IS NULL OR type = ANY(:types::text[]))
ORDER BY occurred_at, id LIMIT :size OFFSET :skip;
