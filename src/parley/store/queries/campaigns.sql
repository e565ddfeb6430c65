-- name: definition_version$
-- services.launch_campaign, services.plan_campaigns: what a run follows; primary key of definition_versions.
SELECT body FROM definition_versions
WHERE project_id = :project_id AND kind = 'campaign' AND name = :name AND version = :version;

-- name: current_version$
-- services.launch_campaign; primary key of definitions.
SELECT version FROM definitions WHERE project_id = :project_id AND kind = 'campaign' AND name = :name;

-- name: insert_run$
-- services.launch_campaign: nothing when one is under way; campaign_runs_under_way.
INSERT INTO campaign_runs (id, project_id, campaign, version, state, launched_by, launched_at, starts_at)
VALUES (:id, :project_id, :campaign, :version, 'planning', :launched_by, :now, :starts_at)
ON CONFLICT (project_id, campaign) WHERE ended_at IS NULL DO NOTHING
RETURNING id;

-- name: insert_shares!
-- services.launch_campaign: one for each bucket, with how many customers it has; customers_in_bucket.
INSERT INTO campaign_shares (bucket, run_id, customers, moved_at)
SELECT b.bucket, :run_id, count(c.id), :now
FROM unnest(:buckets::smallint[]) AS b (bucket)
LEFT JOIN customers c ON c.project_id = :project_id AND c.bucket = b.bucket
GROUP BY b.bucket;

-- name: claim_share^
-- services.plan_campaigns: the share that has waited longest, and its run, which nobody pauses or cancels meanwhile;
-- campaign_shares_open.
SELECT s.bucket, s.after_id, r.id AS run_id, r.project_id, r.campaign, r.version, r.starts_at
FROM campaign_shares s
JOIN campaign_runs r ON r.id = s.run_id
WHERE NOT s.done AND r.state = 'planning' AND r.starts_at <= :now
ORDER BY s.moved_at
LIMIT 1
FOR UPDATE OF s SKIP LOCKED
FOR SHARE OF r SKIP LOCKED;

-- name: page_of_share
-- services.plan_campaigns: the next customers, held until the transaction ends so that none is merged away meanwhile;
-- customers_in_bucket, messages_of_customer.
SELECT c.id, c.created_at <= :starts_at AS was_there, EXISTS (
    SELECT FROM messages m
    WHERE m.bucket = c.bucket AND m.customer_id = c.id AND m.planned_at >= :starts_at AND m.run_id = :run_id
) AS has_one
FROM customers c
WHERE c.project_id = :project_id AND c.bucket = :bucket AND c.id > :after_id
ORDER BY c.id
LIMIT :size
FOR KEY SHARE OF c;

-- name: move_share!
-- services.plan_campaigns: with what it planned, in one transaction; primary key.
UPDATE campaign_shares
SET after_id = :after_id, looked_at = looked_at + :looked_at, matched = matched + :matched, broken = broken + :broken,
    done = :done, moved_at = :now
WHERE run_id = :run_id AND bucket = :bucket;

-- name: finish_planning!
-- services.steer_campaigns: every share is done; campaign_runs_under_way.
UPDATE campaign_runs r SET state = 'sending'
WHERE r.ended_at IS NULL AND r.state = 'planning'
    AND NOT EXISTS (SELECT FROM campaign_shares s WHERE s.run_id = r.id AND NOT s.done);

-- name: end_runs!
-- services.steer_campaigns: nothing of it waits or is in flight; campaign_runs_under_way, messages_of_run.
UPDATE campaign_runs r
SET state = CASE r.state WHEN 'cancelling' THEN 'cancelled' ELSE 'ended' END, ended_at = :now
WHERE r.ended_at IS NULL AND r.state IN ('sending', 'cancelling') AND NOT EXISTS (
    SELECT FROM messages m WHERE m.run_id = r.id AND m.state IN ('planned', 'queued', 'sending')
);

-- name: runs_to_steer
-- services.steer_campaigns: whose messages must be held back, let go or cancelled; campaign_runs_under_way.
SELECT id, state FROM campaign_runs
WHERE ended_at IS NULL AND (state IN ('paused', 'cancelling') OR holds)
ORDER BY id;

-- name: waiting_messages
-- services.steer_campaigns: those of a run that wait for their turn; messages_of_run.
SELECT bucket, id, project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, attempts, expires_at, provider_message_id, planned_at, changed_at, quote
FROM messages
WHERE run_id = :run_id AND state IN ('planned', 'queued') AND due_at < :held_until
LIMIT :most
FOR UPDATE;

-- name: held_messages
-- services.steer_campaigns: those of a run that a pause put aside; messages_of_run.
SELECT bucket, id, project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, attempts, expires_at, provider_message_id, planned_at, changed_at, quote
FROM messages
WHERE run_id = :run_id AND state = 'planned' AND due_at >= :held_until
LIMIT :most
FOR UPDATE;

-- name: nothing_held!
-- services.steer_campaigns: all that was held back has been let go; primary key.
UPDATE campaign_runs SET holds = false WHERE id = :run_id AND state IN ('planning', 'sending');

-- name: turn_run$
-- services.steer_campaigns: a person's order, if the run stands where it may be given; campaign_runs_under_way.
UPDATE campaign_runs SET state = :state, holds = holds OR :holds, turned_at = :now
WHERE project_id = :project_id AND campaign = :campaign AND ended_at IS NULL AND state = ANY(:from_states::text[])
RETURNING id;

-- name: latest_runs
-- services.show_campaigns: the last of each campaign, or of one; campaign_runs_of_project.
SELECT DISTINCT ON (r.campaign) r.id, r.campaign, r.version, r.state, r.launched_by, r.launched_at, r.starts_at,
    r.ended_at, s.customers, s.looked_at, s.matched, s.broken
FROM campaign_runs r
CROSS JOIN LATERAL (
    SELECT sum(customers)::bigint AS customers, sum(looked_at)::bigint AS looked_at, sum(matched)::bigint AS matched,
        sum(broken)::bigint AS broken
    FROM campaign_shares WHERE run_id = r.id
) s
WHERE r.project_id = :project_id AND r.campaign = coalesce(:campaign::text, r.campaign)
ORDER BY r.campaign, r.launched_at DESC;

-- name: messages_by_state
-- services.show_campaigns: how far a run's messages have come; messages_of_run.
SELECT state, count(*) AS count FROM messages WHERE run_id = :run_id GROUP BY state;

-- name: costs_of_run
-- services.show_campaigns: what the messages of a run did cost, and what is set aside for them; messages_of_run, primary
-- key of cost_entries (whose bucket is that of the message's id). `unpriced`: it cost something, and nobody knows what.
SELECT currency, sum(reserved) AS reserved, sum(spent) AS spent, count(*) FILTER (WHERE NOT known) AS unpriced
FROM (
    SELECT c.currency, sum(c.reserved) AS reserved, sum(c.spent) AS spent,
        (array_agg(c.known ORDER BY c.at DESC) FILTER (WHERE c.kind <> 'fee'))[1] AS known
    FROM messages m
    JOIN cost_entries c ON c.bucket = get_byte(uuid_send(m.id), 15) & 63 AND c.message_id = m.id
    WHERE m.run_id = :run_id
    GROUP BY m.id, c.currency
) one
GROUP BY currency
ORDER BY currency;

-- name: reasons
-- services.show_campaigns: why messages did not leave or arrive; messages_of_run.
SELECT state, outcome_code AS code, count(*) AS count FROM messages
WHERE run_id = :run_id AND state IN ('refused', 'failed', 'expired', 'uncertain') AND outcome_code IS NOT NULL
GROUP BY state, outcome_code
ORDER BY count DESC, state, code;
