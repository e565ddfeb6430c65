-- name: uploads_of
-- heed_opt_outs, upload_consents: what was told of these customers; messages_of_customer.
SELECT m.id AS message_id, m.customer_id, m.recipient AS number, m.integration AS sender,
    m.content #>> '{parameters,action}' AS action, m.state, m.outcome_code AS code, m.outcome_sentence AS sentence,
    m.planned_at, m.changed_at
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
JOIN messages m ON m.bucket = n.bucket AND m.customer_id = n.id AND m.planned_at >= :since
WHERE m.kind = 'consent'
ORDER BY m.id DESC;

-- name: page_of_uploads
-- upload_consents: number by number, the newest first; messages_of_consent.
SELECT id AS message_id, customer_id, recipient AS number, integration AS sender,
    content #>> '{parameters,action}' AS action, state, outcome_code AS code, outcome_sentence AS sentence, planned_at,
    changed_at
FROM messages
WHERE project_id = :project_id AND kind = 'consent' AND (:before::uuid IS NULL OR id < :before)
    AND (NOT :only_failed::boolean OR state IN ('failed', 'refused', 'uncertain', 'expired'))
ORDER BY id DESC
LIMIT :size;
