-- name: uploads_of
-- heed_opt_outs, upload_consents: what was told of these customers; messages_of_customer.
SELECT m.id AS message_id, m.customer_id, m.recipient AS number, m.integration AS sender,
    m.content #>> '{parameters,action}' AS action, m.state, m.outcome_code AS code, m.outcome_sentence AS sentence,
    m.planned_at, m.changed_at
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
JOIN messages m ON m.bucket = n.bucket AND m.customer_id = n.id AND m.planned_at >= :since
WHERE m.kind = 'consent'
ORDER BY m.id DESC;

-- name: opt_ins_under_way
-- claim_messages: which of these opt-ins the provider has yet to take; messages_of_uploads_under_way.
SELECT m.customer_id, m.integration AS sender, min(m.planned_at) AS since
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
JOIN messages m ON m.bucket = n.bucket AND m.customer_id = n.id
WHERE m.kind = 'consent' AND m.state IN ('planned', 'queued', 'sending')
    AND m.content #>> '{parameters,action}' = 'opt_in'
GROUP BY m.customer_id, m.integration;

-- name: look_again_at!
-- deliver_messages: of these customers' templates, those that wait for the upload of the consent are judged anew. One that
-- a claim holds is passed over, and comes at its own time. Index messages_of_customer.
WITH waiting AS MATERIALIZED (
    SELECT m.bucket, m.id
    FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
    JOIN messages m ON m.bucket = n.bucket AND m.customer_id = n.id
    WHERE m.state = 'planned' AND m.outcome_code = 'consent_upload_pending' AND m.due_at > :now
    FOR UPDATE OF m SKIP LOCKED
)
UPDATE messages m SET due_at = :now FROM waiting w WHERE m.bucket = w.bucket AND m.id = w.id;

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
