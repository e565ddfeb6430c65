-- name: definitions_of_project
-- services.definitions: everything a project has defined, whenever its stamp moved; primary key.
SELECT kind, name, version, body, callback_token FROM definitions WHERE project_id = :project_id ORDER BY kind, name;

-- name: all_integrations
-- services.differing_limits, for the doctor: all of them are looked at.
SELECT project_id, name, body, updated_at FROM definitions WHERE kind = 'integration' ORDER BY project_id, name;

-- name: stamp_of_project$
-- services.definitions: has anything changed since it was read? Primary key.
SELECT definitions_stamp FROM projects WHERE id = :project_id;

-- name: lock_project!
-- services.apply_definitions: two applies to one project run one after the other; primary key.
UPDATE projects SET definitions_stamp = definitions_stamp + 1 WHERE id = :project_id;

-- name: hold_definitions!
-- services.plan_messages, services.definitions: a mark on the projects that this transaction judges by their definitions,
-- until it ends. Nobody waits for it: it is always shared.
SELECT pg_advisory_xact_lock_shared(hashtextextended('definitions:' || id::text, 0))
FROM unnest(:project_ids::uuid[]) AS wanted (id);

-- name: holders_of_definitions
-- services.judge_anew: the transactions that have put that mark on a project. The table of locks knows its number by halves.
SELECT virtualtransaction AS holder
FROM pg_locks, hashtextextended('definitions:' || :project_id::uuid::text, 0) AS mark
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND objsubid = 1 AND classid::bigint = (mark >> 32) & 4294967295 AND objid::bigint = mark & 4294967295;

-- name: put_definition!
-- services.apply_definitions: after the last version there ever was, also of one that was deleted; primary keys.
INSERT INTO definitions (project_id, kind, name, version, body, callback_token, updated_at)
SELECT :project_id, :kind, :name, 1 + coalesce(max(v.version), 0), :body, :callback_token, :now
FROM definition_versions v
WHERE v.project_id = :project_id AND v.kind = :kind AND v.name = :name
ON CONFLICT (project_id, kind, name) DO UPDATE
SET version = excluded.version, body = excluded.body, updated_at = excluded.updated_at;

-- name: keep_version!
-- services.apply_definitions: the history of a definition; primary keys.
INSERT INTO definition_versions (project_id, kind, name, version, body, created_at)
SELECT project_id, kind, name, version, body, updated_at FROM definitions
WHERE project_id = :project_id AND kind = :kind AND name = :name;

-- name: delete_definition!
-- services.apply_definitions; primary key.
DELETE FROM definitions WHERE project_id = :project_id AND kind = :kind AND name = :name;

-- name: put_secret!
-- services.apply_definitions; primary key.
INSERT INTO secrets (project_id, reference, ciphertext, updated_at)
VALUES (:project_id, :reference, :ciphertext, :now)
ON CONFLICT (project_id, reference) DO UPDATE
SET ciphertext = excluded.ciphertext, updated_at = excluded.updated_at;

-- name: secrets_of_project
-- services.definitions; primary key.
SELECT reference, ciphertext FROM secrets WHERE project_id = :project_id;

-- name: newest_secret$
-- services.check_key, once when a process starts; the few secrets there are.
SELECT ciphertext FROM secrets ORDER BY updated_at DESC LIMIT 1;

-- name: doors_of_tokens
-- services.callback_doors: whose doors are these, and has anything changed? Unique key; primary key.
SELECT d.callback_token AS token, d.project_id, d.name AS integration, p.definitions_stamp AS stamp
FROM definitions d
JOIN projects p ON p.id = d.project_id
WHERE d.callback_token = ANY(:tokens::text[]);
