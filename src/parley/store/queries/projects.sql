-- name: insert_project!
-- create_project, once; primary key.
INSERT INTO projects (id, token, name, settings, created_at)
VALUES (:id, :token, :name, :settings, :now);

-- name: insert_key!
-- create_project and key management; primary key.
INSERT INTO api_keys (key_id, project_id, visibility, role, secret_hash, created_at)
VALUES (:key_id, :project_id, :visibility, :role, :secret_hash, :now);

-- name: project_by_token^
-- Every door, behind a short-lived cache; unique index on the token.
SELECT id, token, name, settings FROM projects WHERE token = :token;

-- name: project_by_id^
-- Services that need a project's settings and hold its id only; primary key.
SELECT id, token, name, settings FROM projects WHERE id = :id;

-- name: living_key^
-- Every door, behind a short-lived cache; primary key.
SELECT key_id, project_id, role, secret_hash FROM api_keys WHERE key_id = :key_id AND revoked_at IS NULL;

-- name: answer$
-- Readiness; no table.
SELECT 1;

-- `parley project list`, `parley doctor`; a full look at a small table.
-- name: all_projects
SELECT id, token, name FROM projects ORDER BY created_at;

-- `parley key list`; api_keys_of_project.
-- name: keys_of_project
SELECT key_id, role, created_at, revoked_at FROM api_keys WHERE project_id = :project_id ORDER BY created_at;

-- `parley key revoke`; primary key.
-- name: revoke_key!
UPDATE api_keys SET revoked_at = :now
WHERE key_id = :key_id AND project_id = :project_id AND revoked_at IS NULL;
