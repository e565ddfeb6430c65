-- Everything here is called by services.merge_customers, for one pair at a time, both locked.

-- name: lock_source^
-- The last lock before the source goes: nobody may be writing to it (hold_customers); primary key.
SELECT id FROM customers WHERE bucket = :bucket AND id = :source FOR UPDATE;

-- name: move_addresses!
-- Addresses keep their own bucket; addresses_of_customer.
UPDATE addresses SET customer_id = :into_id WHERE customer_id = :source AND kind <> 'phone';

-- name: drop_same_events!
-- What both have counts once: by its time and content (events_of_customer), or by the client's own id whatever the time
-- (events_count_once).
DELETE FROM events e
WHERE e.bucket = :bucket AND e.customer_id = :source AND (
    EXISTS (
        SELECT FROM events o
        WHERE o.bucket = :into_bucket AND o.customer_id = :into_id
            AND o.occurred_at = e.occurred_at AND o.sameness = e.sameness
    ) OR EXISTS (
        SELECT FROM events o
        WHERE o.bucket = :into_bucket AND o.customer_id = :into_id
            AND o.sameness = e.sameness AND o.sameness LIKE 'id:%'
    )
);

-- name: move_events!
-- Events keep their ids and take the other's bucket; events_of_customer.
UPDATE events SET bucket = :into_bucket, customer_id = :into_id WHERE bucket = :bucket AND customer_id = :source;

-- name: move_consents!
-- An entry is never dropped: of two that are the same the second no longer stands for its sameness. Index
-- consents_of_customer, consents_count_once.
UPDATE consents c SET bucket = :into_bucket, customer_id = :into_id, sameness = CASE WHEN EXISTS (
    SELECT FROM consents o
    WHERE o.bucket = :into_bucket AND o.customer_id = :into_id AND o.sameness = c.sameness
) THEN NULL ELSE c.sameness END
WHERE c.bucket = :bucket AND c.customer_id = :source;

-- name: move_messages!
-- A message keeps the id that the provider knows; messages_of_customer.
UPDATE messages SET bucket = :into_bucket, customer_id = :into_id WHERE bucket = :bucket AND customer_id = :source;

-- name: move_journey_steps!
-- Primary key of journey_steps; journeys_of_customer.
UPDATE journey_steps s SET bucket = :into_bucket
FROM journeys j
WHERE j.bucket = :bucket AND j.customer_id = :source AND s.bucket = j.bucket AND s.journey_id = j.id;

-- name: move_journeys!
-- journeys_of_customer.
UPDATE journeys SET bucket = :into_bucket, customer_id = :into_id WHERE bucket = :bucket AND customer_id = :source;

-- name: move_windows!
-- Of two windows the later one counts; primary key.
WITH gone AS (
    DELETE FROM windows WHERE bucket = :bucket AND customer_id = :source RETURNING *
)
INSERT INTO windows (
    bucket, project_id, customer_id, account, address, last_inbound_at, inbound_id, came_by_ad_at, free_until
)
SELECT :into_bucket::smallint, project_id, :into_id::uuid, account, address, last_inbound_at, inbound_id,
    came_by_ad_at, free_until
FROM gone
ON CONFLICT (bucket, customer_id, account, address) DO UPDATE
SET last_inbound_at = excluded.last_inbound_at, inbound_id = excluded.inbound_id,
    came_by_ad_at = greatest(windows.came_by_ad_at, excluded.came_by_ad_at),
    free_until = greatest(windows.free_until, excluded.free_until)
WHERE windows.last_inbound_at < excluded.last_inbound_at;

-- name: delete_customer!
-- Primary key of customers.
DELETE FROM customers WHERE bucket = :bucket AND id = :source;

-- name: remember_merge!
-- Primary key of merged_customers.
INSERT INTO merged_customers (bucket, id, project_id, into_id, merged_at)
SELECT :bucket::smallint, :source::uuid, :project_id::uuid, :into_id::uuid, :now::timestamptz;
