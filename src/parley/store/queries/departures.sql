-- name: departures_of
-- services.frequencies: what customers were sent lately, the newest first; index messages_of_customer.
SELECT wanted.id AS customer_id, found.left_at, found.kind, found.consent_category, found.template, found.language
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS wanted (bucket, id)
CROSS JOIN LATERAL (
    SELECT coalesce(m.left_at, m.planned_at) AS left_at, m.kind, m.consent_category,
        m.content -> 'parameters' ->> 'template_name' AS template,
        coalesce(m.content -> 'parameters' ->> 'language', m.content -> 'parameters' ->> 'language_code') AS language
    FROM messages m
    WHERE m.bucket = wanted.bucket AND m.customer_id = wanted.id AND m.kind = ANY(:kinds::text[])
        AND m.state = ANY(:states::text[]) AND coalesce(m.left_at, m.planned_at) > :since
    ORDER BY coalesce(m.left_at, m.planned_at) DESC
    LIMIT :most
) found
ORDER BY found.left_at DESC;

-- name: hold_departures!
-- services.frequencies: until the claim ends nobody else decides how often these customers are written to. The keys are
-- sorted, so that nobody waits in a circle.
SELECT pg_advisory_xact_lock(key) FROM unnest(:keys::bigint[]) AS key;
