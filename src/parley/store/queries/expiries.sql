-- name: while_paused
-- services.expire_messages: what a pause has put aside, of runs whose messages have lost their use. All of one run lose
-- it at the same time, so its first says whether there is any, and not all are read while there is none. Indexes
-- campaign_runs_under_way, messages_of_run.
SELECT m.bucket, m.id, m.project_id, m.customer_id, m.kind, m.state, m.integration, m.account, m.recipient, m.content,
    m.origin, m.consent_category, m.attempts, m.expires_at, m.provider_message_id, m.planned_at, m.changed_at, m.quote
FROM campaign_runs r
CROSS JOIN LATERAL (
    SELECT expires_at FROM messages
    WHERE run_id = r.id AND state = 'planned' AND due_at >= :held_until
    LIMIT 1
) first
CROSS JOIN LATERAL (
    SELECT * FROM messages
    WHERE run_id = r.id AND state = 'planned' AND due_at >= :held_until AND expires_at <= :now
        AND first.expires_at <= :now
    LIMIT :most
    FOR UPDATE SKIP LOCKED
) m
WHERE r.ended_at IS NULL AND r.state = 'paused'
LIMIT :most;

-- name: while_held
-- services.expire_messages: of senders that the provider has asked to wait, and who wait until then at the least, and
-- of those whose provider is away. There are few such; all that is due by them is read. Index messages_waiting.
SELECT m.bucket, m.id, m.project_id, m.customer_id, m.kind, m.state, m.integration, m.account, m.recipient, m.content,
    m.origin, m.consent_category, m.attempts, m.expires_at, m.provider_message_id, m.planned_at, m.changed_at, m.quote
FROM holds h
CROSS JOIN unnest(:priorities::smallint[]) AS p (priority)
CROSS JOIN LATERAL (
    SELECT * FROM messages
    WHERE state IN ('planned', 'queued') AND priority = p.priority AND project_id = h.project_id
        AND coalesce(integration, '') = h.sender AND due_at <= :now AND expires_at <= :now
    LIMIT :most
    FOR UPDATE SKIP LOCKED
) m
WHERE h.since <= :now AND (h.until > :held_until OR h.away_until > :now)
LIMIT :most;
