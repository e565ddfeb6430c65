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
INSERT INTO tier_recipients (bucket, tier, recipient, slice)
SELECT bucket, tier, recipient, slice
FROM unnest(:buckets::smallint[], :tiers::text[], :recipients::uuid[], :slices::timestamptz[])
    AS new (bucket, tier, recipient, slice)
ON CONFLICT (bucket, tier, recipient) DO UPDATE SET slice = excluded.slice;

-- name: count_slices!
-- services.tiers: so many more (or fewer) in each slice; whoever calls holds their tiers. Primary key.
INSERT INTO tier_slices AS s (tier, slice, recipients, expected)
SELECT tier, slice, recipients, expected
FROM unnest(:tiers::text[], :slices::timestamptz[], :recipients::integer[], :expected::integer[])
    AS new (tier, slice, recipients, expected)
ON CONFLICT (tier, slice) DO UPDATE
SET recipients = s.recipients + excluded.recipients, expected = s.expected + excluded.expected;

-- name: sweep_recipients!
-- services.deliver_messages: who counts no more; whoever is counted again at this moment is left out. Index
-- tier_recipients_past.
DELETE FROM tier_recipients r
USING (
    SELECT bucket, tier, recipient FROM tier_recipients WHERE slice < :before
    ORDER BY slice LIMIT :most FOR UPDATE SKIP LOCKED
) past
WHERE r.bucket = past.bucket AND r.tier = past.tier AND r.recipient = past.recipient;

-- name: sweep_slices!
-- services.deliver_messages: those that count no more, of which nobody adds to any; all rows, some hundred per tier.
DELETE FROM tier_slices WHERE slice < :before;
