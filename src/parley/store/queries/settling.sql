-- name: claim_unlooked
-- services.look_at_provider: uncertain since then, and nobody looks for them now; index messages_uncertain. Their
-- `due_at` is the claim: when it has passed, another may look.
UPDATE messages m SET due_at = :claimed_until
FROM (
    SELECT bucket, id FROM messages
    WHERE state = 'uncertain' AND changed_at BETWEEN :since AND :before AND due_at <= :now
    ORDER BY changed_at
    LIMIT :most
    FOR UPDATE SKIP LOCKED
) AS one
WHERE m.bucket = one.bucket AND m.id = one.id
RETURNING m.bucket, m.id, m.project_id, m.customer_id, m.kind, m.state, m.integration, m.account, m.recipient,
    m.content, m.origin, m.consent_category, m.attempts, m.expires_at, m.provider_message_id, m.planned_at,
    m.changed_at, m.quote;

-- name: note_looks!
-- services.look_at_provider: what was found, how often it was looked for, and when to look again; primary key.
UPDATE messages m SET
    due_at = new.due_at,
    decision = m.decision || jsonb_set(
        new.note, '{looked,times}', to_jsonb(coalesce((m.decision #>> '{looked,times}')::integer, 0) + 1)
    )
FROM unnest(:buckets::smallint[], :ids::uuid[], :due_ats::timestamptz[], :notes::jsonb[])
    AS new (bucket, id, due_at, note)
WHERE m.bucket = new.bucket AND m.id = new.id AND m.state = 'uncertain' AND m.content <> '{}';

-- name: lock_long_uncertain
-- services.settle_by_rule: those whose time has come by their project's rule; index messages_uncertain_of_project.
SELECT bucket, id, project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, attempts, expires_at, provider_message_id, planned_at, changed_at, quote
FROM messages
WHERE project_id = :project_id AND state = 'uncertain' AND changed_at < :before
    AND (:erased_and_resent_too::boolean OR (content <> '{}' AND NOT decision ? 'resent'))
ORDER BY changed_at
LIMIT :most
FOR UPDATE SKIP LOCKED;

-- name: projects_with_settings
-- services.settle_by_rule: the others have the default; a look at a small table.
SELECT project_id FROM definitions WHERE kind = 'settings';
