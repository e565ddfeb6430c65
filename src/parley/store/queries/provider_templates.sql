-- name: keep!
-- services.sync_templates: all that an account has, where it is not known so already; primary key.
INSERT INTO provider_templates AS known (
    project_id, sender, name, status, category, quality, reason, details, seen_at
)
SELECT :project_id, :sender, name, status, category, quality, reason, details, :now
FROM unnest(
    :names::text[], :statuses::text[], :categories::text[], :qualities::text[], :reasons::text[], :details::bytea[]
) AS new (name, status, category, quality, reason, details)
ON CONFLICT (project_id, sender, name) DO UPDATE
SET status = excluded.status, category = excluded.category, quality = excluded.quality, reason = excluded.reason,
    details = excluded.details, seen_at = excluded.seen_at
WHERE (known.status, known.category, known.quality, known.reason, known.details)
    IS DISTINCT FROM (excluded.status, excluded.category, excluded.quality, excluded.reason, excluded.details);

-- name: drop_others!
-- services.sync_templates: what the account does not have any more; primary key.
DELETE FROM provider_templates
WHERE project_id = :project_id AND sender = :sender AND name <> ALL(:names::text[]);

-- name: drop_all!
-- services.apply_definitions: an integration is gone, and nobody tells what its account has; primary key.
DELETE FROM provider_templates WHERE project_id = :project_id AND sender = :sender;

-- name: page_of_others
-- services.show_templates: the next ones by name that the project has no file of, each once; provider_templates_by_name.
SELECT DISTINCT ON (p.name) p.sender, p.name, p.status, p.category, p.quality, p.reason, p.details, p.seen_at
FROM provider_templates p
WHERE p.project_id = :project_id AND p.name > :after AND (:status::text IS NULL OR p.status = :status)
    AND NOT EXISTS (SELECT FROM templates t WHERE t.project_id = p.project_id AND t.name = p.name)
ORDER BY p.name, p.sender LIMIT :most;

-- name: by_name^
-- services.pull_template: the first account that has it; provider_templates_by_name.
SELECT sender, name, status, category, quality, reason, details, seen_at
FROM provider_templates
WHERE project_id = :project_id AND name = :name AND (:sender::text IS NULL OR sender = :sender)
ORDER BY sender LIMIT 1;
