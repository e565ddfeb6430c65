-- name: book!
-- services.price_messages: entries of the ledger, and their sums for whoever adds them up later; one statement for a
-- batch. No lock is held and none is waited for.
WITH booked AS (
    INSERT INTO cost_entries (
        bucket, message_id, at, kind, project_id, day, origin, market, category, currency, reserved, spent, saved,
        known, why
    )
    SELECT bucket, message_id, at, kind, :project_id, day, origin, market, category, currency, reserved, spent, saved,
        known, why
    FROM unnest(
        :buckets::smallint[], :message_ids::uuid[], :ats::timestamptz[], :kinds::text[], :days::date[],
        :origins::text[], :markets::text[], :categories::text[], :currencies::text[], :reserveds::numeric[],
        :spents::numeric[], :saveds::numeric[], :knowns::boolean[], :whys::text[]
    ) AS new (
        bucket, message_id, at, kind, day, origin, market, category, currency, reserved, spent, saved, known, why
    )
    RETURNING *
)
INSERT INTO cost_changes (
    project_id, day, origin, market, category, currency, reserved, spent, saved, messages, free, unpriced
)
SELECT project_id, day, origin, market, category, currency, sum(reserved), sum(spent), sum(saved),
    count(*) FILTER (WHERE kind = 'settle'), count(*) FILTER (WHERE kind = 'settle' AND known AND spent = 0),
    count(*) FILTER (WHERE kind = 'settle' AND NOT known)
FROM booked
GROUP BY project_id, day, origin, market, category, currency;

-- name: count_up
-- services.price_messages: how far each counter stands then. Its lock orders whoever else counts; primary key.
INSERT INTO cost_counters AS c (owner, name, month, counted)
SELECT owner, name, month, counted
FROM unnest(:owners::text[], :names::text[], :months::date[], :counts::bigint[]) AS new (owner, name, month, counted)
ORDER BY owner, name, month
ON CONFLICT (owner, name, month) DO UPDATE SET counted = c.counted + excluded.counted
RETURNING owner, name, month, counted;

-- name: counts_of
-- services.price_messages: as they stand, for an estimate; primary key.
SELECT owner, name, month, counted FROM cost_counters
WHERE owner = ANY(:owners::text[]) AND month BETWEEN :since AND :until;

-- name: entries_of
-- services.explain_message, services.correct_costs: one message's, in their order; primary key.
SELECT at, kind, day, origin, market, category, currency, reserved, spent, saved, known, why
FROM cost_entries
WHERE bucket = :bucket AND message_id = :message_id
ORDER BY at, kind <> 'release', kind;
