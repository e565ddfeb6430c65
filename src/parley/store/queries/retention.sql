-- name: all_project_ids
-- services.forget: each has its own retention; a full look at a small table.
SELECT id FROM projects;

-- name: forget_callbacks$
-- services.forget: a piece of what is older than its project keeps it, and has been read; index callbacks_by_age; the
-- queue of what has not is looked through.
WITH old AS (
    SELECT c.bucket, c.project_id, c.integration, c.key
    FROM unnest(:project_ids::uuid[], :befores::timestamptz[]) AS p (project_id, before)
    CROSS JOIN LATERAL (
        SELECT bucket, project_id, integration, key FROM callbacks c
        WHERE project_id = p.project_id AND received_at < p.before
            AND NOT EXISTS (
                SELECT FROM callbacks_unread u
                WHERE u.bucket = c.bucket AND u.project_id = c.project_id AND u.integration = c.integration AND u.key = c.key
            )
        ORDER BY received_at
        LIMIT :most
        FOR UPDATE SKIP LOCKED
    ) AS c
    LIMIT :most
), gone AS (
    DELETE FROM callbacks c USING old
    WHERE c.bucket = old.bucket AND c.project_id = old.project_id AND c.integration = old.integration AND c.key = old.key
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: forget_early_reports$
-- services.forget: the same of reports that nobody asked for; index early_reports_by_age.
WITH old AS (
    SELECT e.bucket, e.project_id, e.provider_message_id, e.state
    FROM unnest(:project_ids::uuid[], :befores::timestamptz[]) AS p (project_id, before)
    CROSS JOIN LATERAL (
        SELECT bucket, project_id, provider_message_id, state FROM early_reports
        WHERE project_id = p.project_id AND received_at < p.before
        ORDER BY received_at
        LIMIT :most
        FOR UPDATE SKIP LOCKED
    ) AS e
    LIMIT :most
), gone AS (
    DELETE FROM early_reports e USING old
    WHERE e.bucket = old.bucket AND e.project_id = old.project_id
        AND e.provider_message_id = old.provider_message_id AND e.state = old.state
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: remember_erasure!
-- services.anonymize: by which numbers the provider called these customers; indexes addresses_of_customer and
-- messages_of_customer, primary key of windows.
INSERT INTO erasures (id, project_id, numbers, erased_at, done_until)
SELECT :id::uuid, :project_id::uuid, array_agg(number), :now::timestamptz, to_timestamp(0)
FROM (
    SELECT ltrim(value, '+') AS number FROM addresses
    WHERE customer_id = ANY(:ids::uuid[]) AND kind IN ('phone', 'whatsapp')
    UNION
    SELECT ltrim(m.recipient, '+') FROM messages m
    JOIN unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id) ON m.bucket = n.bucket AND m.customer_id = n.id
    UNION
    SELECT ltrim(w.address, '+') FROM windows w
    JOIN unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id) ON w.bucket = n.bucket AND w.customer_id = n.id
) AS known
WHERE length(number) >= :shortest
HAVING count(*) > 0;

-- name: claim_erasure^
-- services.forget: the oldest that nobody works on; a small table.
SELECT id, project_id, numbers, erased_at, done_until FROM erasures
WHERE erased_at < :before
ORDER BY erased_at
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: scrub_callbacks$
-- services.forget: the next piece of a project's callbacks; answers how far it came. The row stays, so that the same
-- callback still counts once. Index callbacks_by_age.
WITH piece AS (
    SELECT bucket, project_id, integration, key, received_at, body FROM callbacks
    WHERE project_id = :project_id AND received_at > :done_until AND received_at <= :erased_at
    ORDER BY received_at
    FETCH FIRST (:most) ROWS WITH TIES
), scrubbed AS (
    UPDATE callbacks c SET body = '', headers = '{}', problem = NULL
    FROM piece p
    WHERE c.bucket = p.bucket AND c.project_id = p.project_id AND c.integration = p.integration AND c.key = p.key
        AND EXISTS (SELECT FROM unnest(:numbers::text[]) AS n WHERE position(convert_to(n, 'UTF8') IN p.body) > 0)
)
SELECT max(received_at) FROM piece;

-- name: scrub_early_reports!
-- services.forget: what a report needs to be joined stays; index early_reports_by_age.
UPDATE early_reports SET report = report - '{recipient,fields}'::text[]
WHERE project_id = :project_id AND received_at <= :erased_at
    AND EXISTS (SELECT FROM unnest(:numbers::text[]) AS n WHERE position(n IN report::text) > 0);

-- name: move_erasure!
-- services.forget; primary key.
UPDATE erasures SET done_until = :done_until WHERE id = :id;

-- name: end_erasure!
-- services.forget: the numbers themselves go last; primary key.
DELETE FROM erasures WHERE id = :id;
