-- name: try_tiers
-- services.tiers: those that no other claim counts at this moment, held until this one commits. Nobody waits.
SELECT name FROM unnest(:names::text[]) AS wanted (name) WHERE pg_try_advisory_xact_lock(hashtextextended(name, 0));

-- name: slices_of
-- services.tiers: what counts now; primary key. Later ones come of a clock that was ahead.
SELECT tier, slice, recipients, expected
FROM tier_slices
WHERE tier = ANY(:tiers::text[]) AND slice > :since AND slice <= :until;

-- name: counted
-- services.tiers: who of these counts already, and since when; primary key.
SELECT r.tier, r.recipient, r.slice
FROM tier_recipients r
JOIN unnest(:buckets::smallint[], :tiers::text[], :recipients::uuid[]) AS wanted (bucket, tier, recipient)
    ON r.bucket = wanted.bucket AND r.tier = wanted.tier AND r.recipient = wanted.recipient
WHERE r.slice > :since AND r.slice <= :until;

-- name: count_recipients!
-- services.tiers: they count from this slice on; whoever calls holds their tiers. Primary key.
INSERT INTO tier_recipients AS r (bucket, tier, recipient, slice, messages)
SELECT bucket, tier, recipient, slice, messages
FROM unnest(:buckets::smallint[], :tiers::text[], :recipients::uuid[], :slices::timestamptz[], :messages::integer[])
    AS new (bucket, tier, recipient, slice, messages)
ON CONFLICT (bucket, tier, recipient) DO UPDATE
SET slice = excluded.slice,
    messages = excluded.messages + CASE WHEN r.slice > :since AND r.slice <= :until THEN r.messages ELSE 0 END;

-- name: count_slices!
-- services.tiers: so many more (or fewer) in each slice; whoever calls holds their tiers. Primary key.
INSERT INTO tier_slices AS s (tier, slice, recipients, expected)
SELECT tier, slice, recipients, expected
FROM unnest(:tiers::text[], :slices::timestamptz[], :recipients::integer[], :expected::integer[])
    AS new (tier, slice, recipients, expected)
ON CONFLICT (tier, slice) DO UPDATE
SET recipients = s.recipients + excluded.recipients, expected = s.expected + excluded.expected;

-- name: tiers_to_give_back
-- services.give_back_places: of messages that reached nobody; index messages_with_a_place_for_nothing.
SELECT DISTINCT tier FROM messages
WHERE tier IS NOT NULL AND state IN ('refused', 'failed', 'expired', 'cancelled')
    AND outcome_code IS DISTINCT FROM 'given_up';

-- name: let_go_of_places
-- services.give_back_places: messages that reached nobody hold no place any more; whoever calls holds their tiers. Index
-- messages_with_a_place_for_nothing.
WITH failed AS MATERIALIZED (
    SELECT bucket, id, tier FROM messages
    WHERE tier = ANY(:names::text[]) AND state IN ('refused', 'failed', 'expired', 'cancelled')
        AND outcome_code IS DISTINCT FROM 'given_up'
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
UPDATE messages m SET tier = NULL FROM failed f WHERE m.bucket = f.bucket AND m.id = f.id
RETURNING f.tier, m.recipient, m.project_id, m.integration;

-- name: uncount_messages!
-- services.give_back_places: so many fewer to each person; whoever calls holds their tiers. Primary key.
UPDATE tier_recipients r SET messages = r.messages - gone.messages
FROM unnest(:buckets::smallint[], :tiers::text[], :recipients::uuid[], :messages::integer[])
    AS gone (bucket, tier, recipient, messages)
WHERE r.bucket = gone.bucket AND r.tier = gone.tier AND r.recipient = gone.recipient;

-- name: uncount_recipients
-- services.give_back_places: to whom nothing went. Primary key.
DELETE FROM tier_recipients r
USING unnest(:buckets::smallint[], :tiers::text[], :recipients::uuid[]) AS gone (bucket, tier, recipient)
WHERE r.bucket = gone.bucket AND r.tier = gone.tier AND r.recipient = gone.recipient AND r.messages <= 0
RETURNING r.tier, r.slice;

-- name: sweep_recipients!
-- services.tiers: who counts no more; whoever is counted again at this moment is left out. Index
-- tier_recipients_past.
DELETE FROM tier_recipients r
USING (
    SELECT bucket, tier, recipient FROM tier_recipients WHERE slice < :before
    ORDER BY slice LIMIT :most FOR UPDATE SKIP LOCKED
) past
WHERE r.bucket = past.bucket AND r.tier = past.tier AND r.recipient = past.recipient;

-- name: sweep_slices!
-- services.tiers: those that count no more, of which nobody adds to any; all rows, some hundred per tier.
DELETE FROM tier_slices WHERE slice < :before;
