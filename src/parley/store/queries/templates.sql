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

-- name: claim_hand_ins
-- services.sync_templates: templates that are to be handed in; a worker that vanishes leaves them to another after the
-- claim. Index templates_to_hand_in.
UPDATE templates SET hand_in_at = :until
WHERE (project_id, name) IN (
    SELECT project_id, name FROM templates WHERE hand_in_at <= :now ORDER BY hand_in_at LIMIT :most
    FOR UPDATE SKIP LOCKED
)
RETURNING project_id, name;

-- name: claim_looks
-- services.sync_templates: accounts whose templates are to be looked at; index template_looks_due.
UPDATE template_looks SET look_at = :until
WHERE (project_id, sender) IN (
    SELECT project_id, sender FROM template_looks WHERE look_at <= :now ORDER BY look_at LIMIT :most
    FOR UPDATE SKIP LOCKED
)
RETURNING project_id, sender, failures;

-- name: note_look!
-- services.sync_templates: what came of it, and when the next one is; primary key. A look that was asked for meanwhile
-- stays.
UPDATE template_looks
SET look_at = CASE WHEN look_at = :until THEN :look_at ELSE least(look_at, :look_at) END,
    looked_at = coalesce(:looked_at, looked_at), failures = :failures, problem = :problem
WHERE project_id = :project_id AND sender = :sender;

-- name: look_soon!
-- services.registry: something is told that has to be asked for, or an account is new; primary key.
INSERT INTO template_looks (project_id, sender, look_at) VALUES (:project_id, :sender, :now)
ON CONFLICT (project_id, sender) DO UPDATE SET look_at = least(template_looks.look_at, excluded.look_at);

-- name: look_everywhere!
-- services.apply_definitions: a template is new, and may be known; primary key.
UPDATE template_looks SET look_at = least(look_at, :now) WHERE project_id = :project_id;

-- name: forget_sender!
-- services.apply_definitions: an integration is gone, so nobody tells where its templates stand; primary key.
UPDATE templates SET sender = NULL, provider_id = NULL, hand_in_at = NULL, hand_in_by = NULL
WHERE project_id = :project_id AND (sender = :sender OR hand_in_by = :sender);

-- name: look_no_more!
-- services.apply_definitions, services.sync_templates: the account is gone, or cannot be asked; primary key.
DELETE FROM template_looks WHERE project_id = :project_id AND sender = :sender;
