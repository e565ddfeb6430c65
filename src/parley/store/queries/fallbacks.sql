-- name: refused_texts
-- services.fall_back: free texts that WhatsApp found outside the window and that nothing follows yet, unless their
-- campaign was paused or cancelled; messages_to_fall_back.
SELECT m.bucket, m.id, m.customer_id FROM messages m
WHERE m.state = 'failed' AND m.outcome_code = 'window_closed' AND m.content #>> '{other,kind}' = 'template'
    AND NOT m.content ? 'followed_by' AND m.changed_at > :since AND m.due_at <= :now
    AND (m.expires_at IS NULL OR m.expires_at > :now)
    AND NOT EXISTS (
        SELECT FROM campaign_runs r WHERE r.id = m.run_id AND r.state IN ('paused', 'cancelling', 'cancelled')
    )
ORDER BY m.changed_at
LIMIT :most;

-- name: claim_refused
-- services.fall_back: those of them that nobody else follows up now, of customers whom the transaction holds; primary
-- key.
SELECT m.bucket, m.id, m.project_id, m.customer_id, m.content, m.origin, m.consent_category, m.expires_at, m.run_id,
    m.left_at
FROM messages m
JOIN unnest(:buckets::smallint[], :ids::uuid[]) AS wanted (bucket, id) ON m.bucket = wanted.bucket AND m.id = wanted.id
WHERE m.state = 'failed' AND m.outcome_code = 'window_closed' AND m.content #>> '{other,kind}' = 'template'
    AND NOT m.content ? 'followed_by' AND m.due_at <= :now AND m.customer_id = ANY(:customer_ids::uuid[])
ORDER BY m.id
FOR UPDATE OF m SKIP LOCKED;

-- name: hold_runs
-- services.fall_back: campaigns that nobody pauses or cancels meanwhile; primary key.
SELECT id FROM campaign_runs
WHERE id = ANY(:ids::uuid[]) AND state NOT IN ('paused', 'cancelling', 'cancelled')
ORDER BY id
FOR SHARE;

-- name: followed!
-- services.fall_back: which message was planned in its place; primary key.
UPDATE messages m SET content = m.content || jsonb_build_object('followed_by', new.follower::text)
FROM unnest(:buckets::smallint[], :ids::uuid[], :followers::uuid[]) AS new (bucket, id, follower)
WHERE m.bucket = new.bucket AND m.id = new.id;

-- name: put_off!
-- services.fall_back: what broke the work is tried again later; primary key.
UPDATE messages SET due_at = :until WHERE bucket = :bucket AND id = :id;
