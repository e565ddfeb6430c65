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

-- name: insert_events_of_known$
-- services.track: as lock_owners and insert_events in one statement, for events that each name one hard id. True when
-- they are stored; nothing is when an id leads to nobody or was looked up too early, or when the project's stamp has moved.
-- No customer is read nor locked: a gate that was closed (close_gates) before this statement could hold it, but after it
-- began to look, says that it was too early. EXCEPT and no join: nobody knows how many they are, and PostgreSQL would
-- compare each with each. Held and inserted in the order of all; of two that are the same the first counts. Primary keys
-- of addresses, customer_gates and projects; then as insert_events.
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(
        :buckets::smallint[], :kinds::text[], :names::text[], :values::text[], :ids::uuid[], :types::text[],
        :times::timestamptz[], :properties::jsonb[], :samenesses::text[]
    ) WITH ORDINALITY AS w (bucket, kind, name, value, id, type, occurred_at, properties, sameness, place)
), found AS MATERIALIZED (
    SELECT w.place, w.id, w.type, w.occurred_at, w.properties, w.sameness, a.customer_id,
        get_byte(uuid_send(a.customer_id), 15) & 63 AS bucket, get_byte(uuid_send(a.customer_id), 14) & 63 AS part
    FROM wanted w
    JOIN addresses a
        ON a.bucket = w.bucket AND a.project_id = :project_id
        AND a.kind = w.kind AND a.name = w.name AND a.value = w.value
), seen AS MATERIALIZED (
    SELECT g.bucket, g.part, g.times_closed
    FROM customer_gates g
    WHERE (g.bucket, g.part) IN (SELECT f.bucket, f.part FROM found f)
), held AS MATERIALIZED (
    SELECT g.bucket, g.part, g.times_closed
    FROM customer_gates g
    WHERE (g.bucket, g.part) IN (SELECT f.bucket, f.part FROM found f)
    ORDER BY g.bucket, g.part
    FOR SHARE
), settled AS MATERIALIZED (
    SELECT (SELECT count(*) FROM found) = (SELECT count(*) FROM wanted)
        AND NOT EXISTS (SELECT * FROM seen EXCEPT SELECT * FROM held)
        AND EXISTS (SELECT FROM projects p WHERE p.id = :project_id AND p.definitions_stamp = :stamp) AS is_so
), stored AS (
    INSERT INTO events (bucket, id, project_id, customer_id, type, occurred_at, properties, sameness, created_at)
    SELECT f.bucket,
        encode(set_byte(uuid_send(f.id), 15, (get_byte(uuid_send(f.id), 15) & 192) | f.bucket), 'hex')::uuid,
        :project_id, f.customer_id, f.type, f.occurred_at, f.properties, f.sameness, :now
    FROM found f
    WHERE (SELECT is_so FROM settled)
    ORDER BY f.bucket, f.customer_id, f.sameness COLLATE "C" NULLS FIRST, f.place
    ON CONFLICT DO NOTHING
)
SELECT is_so FROM settled;

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

-- name: store_nothing$
-- services.track_together: locks the table and commits as insert_events does, with a message in the log instead of a row.
WITH nothing AS (DELETE FROM events WHERE false)
SELECT pg_logical_emit_message(true, 'parley', 'nothing');
