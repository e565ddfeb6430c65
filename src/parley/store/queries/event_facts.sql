-- name: events_by_id
-- services.advance_journeys: what started the journeys; primary key.
SELECT e.id, e.customer_id, e.type, e.occurred_at, e.properties
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS wanted (bucket, id)
JOIN events e ON e.bucket = wanted.bucket AND e.id = wanted.id;

-- name: events_wanted
-- services.advance_journeys: what the conditions ahead look at, the newest :most of each; index events_of_customer.
SELECT found.id, found.customer_id, found.type, found.occurred_at, found.properties
FROM unnest(:buckets::smallint[], :customer_ids::uuid[], :types::text[], :sinces::timestamptz[])
    AS wanted (bucket, customer_id, type, since)
CROSS JOIN LATERAL (
    SELECT e.id, e.customer_id, e.type, e.occurred_at, e.properties
    FROM events e
    WHERE e.bucket = wanted.bucket AND e.customer_id = wanted.customer_id AND e.type = wanted.type
        AND e.occurred_at >= coalesce(wanted.since, '-infinity')
    ORDER BY e.occurred_at DESC
    LIMIT :most
) AS found
ORDER BY found.occurred_at, found.id;
