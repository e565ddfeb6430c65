-- name: ask!
-- services.judge_anew, when a definition changes.
INSERT INTO reevaluations (project_id, sender, codes, look_at) VALUES (:project_id, :sender, :codes::text[], :now);

-- name: is_any$
-- services.judge_anew, whenever a worker is woken: by one look, without a transaction. There is hardly ever a row.
SELECT EXISTS (SELECT FROM reevaluations);

-- name: claim^
-- services.judge_anew: the one that has waited longest of those that no other worker is at; the few rows there are.
SELECT id, project_id, sender, codes, judged_until FROM reevaluations ORDER BY look_at, id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: go_on_later!
-- services.judge_anew: some is left, and the others have their turn; primary key.
UPDATE reevaluations SET look_at = :now, judged_until = :judged_until WHERE id = :id;

-- name: finish!
-- services.judge_anew: nothing is left; primary key.
DELETE FROM reevaluations WHERE id = :id;
