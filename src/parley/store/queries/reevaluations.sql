-- name: ask!
-- services.judge_anew, when a definition changes or a stop is released.
INSERT INTO reevaluations (project_id, code, sender, template, asked_at, look_at)
SELECT :project_id, code, :sender, :template, :now, :now FROM unnest(:codes::text[]) AS asked (code);

-- name: is_any$
-- services.judge_anew, whenever a worker is woken: by one look, without a transaction. There is hardly ever a row.
SELECT EXISTS (SELECT FROM reevaluations);

-- name: claim^
-- services.judge_anew: the one that has waited longest of those that no other worker is at; the few rows there are.
SELECT id, project_id, code, sender, template, judging, last, reached, passed_over
FROM reevaluations ORDER BY look_at, id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: last_put_off$
-- services.judge_anew: the last of those that wait for the reason; index messages_put_off.
SELECT id FROM messages
WHERE state = 'planned' AND project_id = :project_id AND outcome_code = :code
ORDER BY id DESC LIMIT 1;

-- name: next_put_off
-- services.judge_anew: the next of them, and which are meant and are not due by themselves; index messages_put_off. A merge
-- leaves them their ids, and so their places. A message of two forms waits for a template in either.
SELECT id, due_at > :now AND (:sender::text IS NULL OR coalesce(integration, '') = :sender) AND (
    :template::text IS NULL
    OR :template IN (template_of(kind, content), template_of(content #>> '{other,kind}', content -> 'other'))
) AS is_meant
FROM messages
WHERE state = 'planned' AND project_id = :project_id AND outcome_code = :code AND id > :reached AND id <= :last
ORDER BY id LIMIT :most;

-- name: make_due!
-- services.judge_anew: those of them that still wait and nobody has locked; index messages_put_off.
WITH free AS MATERIALIZED (
    SELECT bucket, id FROM messages
    WHERE state = 'planned' AND project_id = :project_id AND outcome_code = :code AND id = ANY(:ids::uuid[])
        AND due_at > :now
    ORDER BY id
    FOR UPDATE SKIP LOCKED
)
UPDATE messages m SET due_at = :now FROM free WHERE m.bucket = free.bucket AND m.id = free.id;

-- name: still_put_off
-- services.judge_anew: those of them that wait, also where somebody has locked them; index messages_put_off.
SELECT id FROM messages
WHERE state = 'planned' AND project_id = :project_id AND outcome_code = :code AND id = ANY(:ids::uuid[]) AND due_at > :now;

-- name: go_on_later!
-- services.judge_anew: some is left, and the others have their turn; primary key.
UPDATE reevaluations
SET look_at = :now, judging = :judging::text[], last = :last, reached = :reached, passed_over = :passed_over::uuid[]
WHERE id = :id;

-- name: finish!
-- services.judge_anew: nothing is left; primary key.
DELETE FROM reevaluations WHERE id = :id;
