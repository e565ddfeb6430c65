-- name: suppress!
-- keep_suppressions, answer_keywords, heed_opt_outs; primary key.
INSERT INTO suppressions (bucket, project_id, hash, reason, scope, address, note, by_whom, since)
SELECT n.bucket, :project_id, n.hash, n.reason, n.scope, n.address, n.note, n.by_whom, n.since
FROM unnest(
    :buckets::smallint[], :hashes::bytea[], :reasons::text[], :scopes::text[], :addresses::text[], :notes::text[],
    :by_whoms::text[], :sinces::timestamptz[]
) AS n (bucket, hash, reason, scope, address, note, by_whom, since)
ON CONFLICT (bucket, project_id, hash, reason, scope) DO UPDATE
SET since = excluded.since, address = excluded.address, note = excluded.note, by_whom = excluded.by_whom
WHERE suppressions.since < excluded.since;

-- name: lift$
-- keep_suppressions, answer_keywords; primary key.
WITH gone AS (
    DELETE FROM suppressions s
    USING unnest(:buckets::smallint[], :hashes::bytea[]) AS n (bucket, hash)
    WHERE s.bucket = n.bucket AND s.project_id = :project_id AND s.hash = n.hash
        AND s.reason = ANY(:reasons::text[]) AND s.since < :before
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: suppressions_of
-- services.people, for the policy; primary key.
SELECT s.project_id, s.hash, s.reason, s.scope, s.since
FROM unnest(:buckets::smallint[], :project_ids::uuid[], :hashes::bytea[]) AS n (bucket, project_id, hash)
JOIN suppressions s ON s.bucket = n.bucket AND s.project_id = n.project_id AND s.hash = n.hash;

-- name: list_suppressions
-- keep_suppressions; suppressions_of_project.
SELECT hash, address, reason, scope, since, by_whom, note
FROM suppressions
WHERE project_id = :project_id AND (:hash::bytea IS NULL OR hash = :hash) AND (:after::bytea IS NULL OR hash > :after)
ORDER BY hash, since
FETCH FIRST (:size) ROWS WITH TIES;

-- name: forget_addresses!
-- services.anonymize; primary key.
UPDATE suppressions s SET address = NULL, note = NULL
FROM unnest(:buckets::smallint[], :hashes::bytea[]) AS n (bucket, hash)
WHERE s.bucket = n.bucket AND s.project_id = :project_id AND s.hash = n.hash;

-- name: last_answer^
-- answer_keywords; primary key.
SELECT keyword, answered_at FROM keyword_answers
WHERE bucket = :bucket AND project_id = :project_id AND hash = :hash;

-- name: keep_answer!
-- answer_keywords; primary key.
INSERT INTO keyword_answers (bucket, project_id, hash, keyword, answered_at)
VALUES (:bucket, :project_id, :hash, :keyword, :now)
ON CONFLICT (bucket, project_id, hash) DO UPDATE SET keyword = excluded.keyword, answered_at = excluded.answered_at;
