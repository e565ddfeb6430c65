-- name: templates_of_project
-- services.definitions, services.registry: where every template of a project stands; primary key.
SELECT name, version, status, status_at, status_reason, quality, provider_category, provider_id, sender, problem,
    judgement, override_reason, override_by, hand_in_at, hand_in_by, hand_in_failures
FROM templates WHERE project_id = :project_id ORDER BY name;

-- name: page_of_templates
-- services.show_templates: the next ones by name; primary key.
SELECT name, version, status, status_at, status_reason, quality, provider_category, provider_id, sender, problem,
    judgement, override_reason, override_by, hand_in_at, hand_in_by, hand_in_failures
FROM templates WHERE project_id = :project_id AND name > :after
    AND (:status::text IS NULL OR status = :status)
ORDER BY name LIMIT :most;

-- name: lock_template^
-- services.registry: what is about to change; primary key.
SELECT name, version, status, status_at, status_reason, quality, provider_category, provider_id, sender, problem,
    judgement, override_reason, override_by, hand_in_at, hand_in_by, hand_in_failures
FROM templates WHERE project_id = :project_id AND name = :name FOR UPDATE;

-- name: put_template!
-- services.registry: as it is now; primary key.
INSERT INTO templates (
    project_id, name, version, status, status_at, status_reason, quality, provider_category, provider_id, sender,
    problem, judgement, override_reason, override_by, hand_in_at, hand_in_by, hand_in_failures
)
SELECT :project_id, :name, d.version, :status, :status_at, :status_reason, :quality, :provider_category, :provider_id,
    :sender, :problem, :judgement, :override_reason, :override_by, :hand_in_at, :hand_in_by, :hand_in_failures
FROM definitions d WHERE d.project_id = :project_id AND d.kind = 'template' AND d.name = :name
ON CONFLICT (project_id, name) DO UPDATE
SET version = excluded.version, status = excluded.status, status_at = excluded.status_at,
    status_reason = excluded.status_reason, quality = excluded.quality, provider_category = excluded.provider_category,
    provider_id = excluded.provider_id, sender = excluded.sender, problem = excluded.problem,
    judgement = excluded.judgement, override_reason = excluded.override_reason, override_by = excluded.override_by,
    hand_in_at = excluded.hand_in_at, hand_in_by = excluded.hand_in_by, hand_in_failures = excluded.hand_in_failures;

-- name: drop_template!
-- services.apply_definitions: its definition is gone; its history stays. Primary key.
DELETE FROM templates WHERE project_id = :project_id AND name = :name;

-- name: add_to_history!
-- services.registry: what happened to a template; whatever version it has now, or had when it was deleted. Primary key.
INSERT INTO template_history (project_id, name, version, at, what, before, after, origin, said_by, reason)
SELECT :project_id, :name, coalesce(max(v.version), 0), :at, :what, :before, :after, :origin, :said_by, :reason
FROM definition_versions v
WHERE v.project_id = :project_id AND v.kind = 'template' AND v.name = :name;

-- name: history_of_template
-- services.show_templates: the newest first; index template_history_of_template.
SELECT id, version, at, what, before, after, origin, said_by, reason
FROM template_history
WHERE project_id = :project_id AND name = :name AND id < :before_id
ORDER BY id DESC LIMIT :most;

-- name: let_template_go!
-- services.registry, services.stopping: what waits for this template is judged anew; whoever holds one judges it now.
-- Index messages_waiting.
WITH waiting AS MATERIALIZED (
    SELECT bucket, id FROM messages
    WHERE state = 'planned' AND project_id = :project_id AND outcome_code = ANY(:codes::text[]) AND due_at > :now
        AND template_of(kind, content) = :name
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
UPDATE messages m SET due_at = :now FROM waiting w WHERE m.bucket = w.bucket AND m.id = w.id;
