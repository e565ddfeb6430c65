-- name: erase_addresses!
-- services.anonymize: nobody finds the customer any more; index addresses_of_customer.
DELETE FROM addresses WHERE customer_id = ANY(:ids::uuid[]);

-- name: erase_properties!
-- services.anonymize; primary key.
UPDATE customers c
SET properties = '{}', property_times = '{}', phone = NULL, phone_problem = NULL, updated_at = :now
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE c.bucket = n.bucket AND c.id = n.id;

-- name: erase_in_events!
-- services.anonymize: what was said and by which number; index events_of_customer.
UPDATE events e SET properties = e.properties - :personal::text[], sameness = NULL
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE e.bucket = n.bucket AND e.customer_id = n.id AND jsonb_typeof(e.properties) = 'object';

-- name: release_reservations!
-- services.anonymize: what was set aside for what waits and is not sent; index messages_of_customer. A message's entries
-- are in the bucket of its id.
WITH released AS (
    INSERT INTO cost_entries (
        bucket, message_id, at, kind, project_id, day, origin, market, category, currency, reserved, spent, saved, known,
        why
    )
    SELECT get_byte(uuid_send(m.id), 15) & 63, m.id, :now, 'release', m.project_id, (m.quote ->> 'day')::date,
        coalesce(m.origin ->> 'scenario', m.origin ->> 'campaign', ''), m.quote ->> 'market', m.quote ->> 'category',
        m.quote ->> 'currency', -(m.quote ->> 'amount')::numeric, 0, 0, true, 'cancelled'
    FROM messages m
    JOIN unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id) ON m.bucket = n.bucket AND m.customer_id = n.id
    WHERE m.state IN ('planned', 'queued') AND (m.quote ->> 'reserved')::boolean
    RETURNING *
)
INSERT INTO cost_changes (
    project_id, day, origin, market, category, currency, reserved, spent, saved, messages, free, unpriced
)
SELECT project_id, day, origin, market, category, currency, reserved, 0, 0, 0, 0, 0 FROM released;

-- name: erase_messages!
-- services.anonymize: what waits is not sent; index messages_of_customer.
UPDATE messages m SET
    recipient = NULL, content = '{}', decision = '{}', wire_decision = NULL,
    state = CASE WHEN m.state IN ('planned', 'queued') THEN 'cancelled' ELSE m.state END, changed_at = :now
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE m.bucket = n.bucket AND m.customer_id = n.id AND m.state <> 'sending';

-- name: erase_in_consents!
-- services.anonymize: that somebody agreed stays, who it was goes; index consents_of_customer.
UPDATE consents c SET address = NULL, proof = '{}', confirm_hash = NULL
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE c.bucket = n.bucket AND c.customer_id = n.id;

-- name: erase_windows!
-- services.anonymize; primary key.
DELETE FROM windows w USING unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE w.bucket = n.bucket AND w.customer_id = n.id;

-- name: erase_journey_steps!
-- services.anonymize; index journeys_of_customer, primary key of journey_steps.
DELETE FROM journey_steps s
USING journeys j, unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE j.bucket = n.bucket AND j.customer_id = n.id AND s.bucket = j.bucket AND s.journey_id = j.id;

-- name: erase_journeys!
-- services.anonymize: nothing more happens to the customer; index journeys_of_customer.
DELETE FROM journeys j USING unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE j.bucket = n.bucket AND j.customer_id = n.id;
