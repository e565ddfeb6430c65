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

-- name: add_up$
-- services.keep_books: takes some changes and adds them to the totals; says how many. Whoever does the same now takes
-- others; in the order of the key, so that nobody waits in a circle.
WITH taken AS (
    DELETE FROM cost_changes
    WHERE ctid = ANY(ARRAY(SELECT ctid FROM cost_changes LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING *
), added AS (
    INSERT INTO cost_totals AS t (
        project_id, currency, day, origin, market, category, reserved, spent, saved, messages, free, unpriced
    )
    SELECT project_id, currency, day, origin, market, category, sum(reserved), sum(spent), sum(saved), sum(messages),
        sum(free), sum(unpriced)
    FROM taken
    GROUP BY project_id, currency, day, origin, market, category
    ORDER BY project_id, currency, day, origin, market, category
    ON CONFLICT (project_id, currency, day, origin, market, category) DO UPDATE
    SET reserved = t.reserved + excluded.reserved, spent = t.spent + excluded.spent, saved = t.saved + excluded.saved,
        messages = t.messages + excluded.messages, free = t.free + excluded.free,
        unpriced = t.unpriced + excluded.unpriced
)
SELECT count(*) FROM taken;

-- name: used
-- services.budgets: what is reserved and spent in each period, of an origin or of all; primary key of cost_totals,
-- cost_changes_of_project.
SELECT period.number, coalesce(sum(u.amount), 0) AS used
FROM unnest(:numbers::integer[], :sinces::date[], :untils::date[], :origins::text[])
    AS period (number, since, until, origin)
LEFT JOIN LATERAL (
    SELECT reserved + spent AS amount FROM cost_totals
    WHERE project_id = :project_id AND currency = :currency AND day >= period.since AND day < period.until
        AND origin = coalesce(period.origin, origin)
    UNION ALL
    SELECT reserved + spent FROM cost_changes
    WHERE project_id = :project_id AND currency = :currency AND day >= period.since AND day < period.until
        AND origin = coalesce(period.origin, origin)
) u ON true
GROUP BY period.number;

-- name: hold_budgets!
-- services.budgets: one at a time plans or claims for a project whose budget is nearly gone; until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('budgets:' || :project_id::uuid::text, 0));

-- name: warn$
-- services.keep_books: true when nobody has told it yet; primary key.
INSERT INTO budget_warnings (project_id, budget, period, level, sentence, warned_at, until)
VALUES (:project_id, :budget, :period, :level, :sentence, :now, :until)
ON CONFLICT DO NOTHING
RETURNING true;

-- name: report
-- services.report_costs: totals of some days, by what is asked for; primary key of cost_totals,
-- cost_changes_of_project.
SELECT CASE :by::text
        WHEN 'day' THEN day::text WHEN 'market' THEN market WHEN 'category' THEN category ELSE origin
    END AS key,
    currency, sum(messages)::bigint AS messages, sum(free)::bigint AS free, sum(unpriced)::bigint AS unpriced,
    sum(reserved) AS reserved, sum(spent) AS spent, sum(saved) AS saved
FROM (
    SELECT currency, day, origin, market, category, messages, free, unpriced, reserved, spent, saved FROM cost_totals
    WHERE project_id = :project_id AND day >= :since AND day <= :until
    UNION ALL
    SELECT currency, day, origin, market, category, messages, free, unpriced, reserved, spent, saved FROM cost_changes
    WHERE project_id = :project_id AND day >= :since AND day <= :until
) t
GROUP BY 1, 2
ORDER BY 2, 1;

-- name: entries_of_many
-- services.correct_costs: of messages, in their order; primary key.
SELECT e.message_id, e.at, e.kind, e.day, e.origin, e.market, e.category, e.currency, e.reserved, e.spent, e.saved,
    e.known, e.why
FROM unnest(:buckets::smallint[], :message_ids::uuid[]) AS wanted (bucket, message_id)
JOIN cost_entries e ON e.bucket = wanted.bucket AND e.message_id = wanted.message_id
ORDER BY e.at, e.kind <> 'release', e.kind;

-- name: mark_settled!
-- services.correct_costs: a report that comes later books nothing; primary key.
UPDATE messages m SET quote = m.quote || '{"settled": true, "reserved": false}'
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE m.bucket = n.bucket AND m.id = n.id;

-- name: forget_warnings!
-- services.keep_books: of budgets that have room again, were taken away, or whose period is over; primary key.
DELETE FROM budget_warnings w
WHERE w.project_id = :project_id AND NOT EXISTS (
    SELECT FROM unnest(:budgets::text[], :periods::date[], :levels::text[]) AS s (budget, period, level)
    WHERE s.budget = w.budget AND s.period = w.period AND s.level = w.level
);
