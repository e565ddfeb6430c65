-- name: insert_messages!
-- services.plan_messages: the outbox, in the transaction of what caused it; primary key.
INSERT INTO messages (
    bucket, id, project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, priority, planned_at, due_at, expires_at, decision, outcome_code, outcome_sentence, changed_at,
    run_id, quote
)
SELECT bucket, id, :project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, priority, :now, due_at, expires_at, decision, outcome_code, outcome_sentence, :now, run_id, quote
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :customer_ids::uuid[], :kinds::text[], :states::text[], :integrations::text[],
    :accounts::text[], :recipients::text[], :contents::jsonb[], :origins::jsonb[], :consent_categories::text[],
    :priorities::smallint[], :due_ats::timestamptz[], :expires_ats::timestamptz[], :decisions::jsonb[],
    :outcome_codes::text[], :outcome_sentences::text[], :run_ids::uuid[], :quotes::jsonb[]
) AS new (
    bucket, id, customer_id, kind, state, integration, account, recipient, content, origin, consent_category, priority,
    due_at, expires_at, decision, outcome_code, outcome_sentence, run_id, quote
);

-- name: claim_due
-- services.claim_messages: from each lane at most its share of what is due and nobody else holds; index
-- messages_waiting.
SELECT m.bucket, m.id, m.project_id, m.customer_id, m.kind, m.state, m.integration, m.account, m.recipient, m.content,
    m.origin, m.consent_category, m.attempts, m.expires_at, m.provider_message_id, m.planned_at, m.changed_at,
    m.quote, m.tier, m.faults
FROM unnest(:priorities::smallint[], :project_ids::uuid[], :senders::text[], :shares::integer[])
    AS turn (priority, project_id, sender, share)
CROSS JOIN LATERAL (
    SELECT *
    FROM messages
    WHERE state IN ('planned', 'queued') AND priority = turn.priority AND project_id = turn.project_id
        AND coalesce(integration, '') = turn.sender AND due_at <= :now
    ORDER BY due_at
    LIMIT turn.share
    FOR UPDATE SKIP LOCKED
) m;

-- name: look_again!
-- services.give_back_places: some of a sender's messages that wait for this reason are judged anew, the earliest first. One
-- that a claim holds is passed over: the caller holds the tier, so the claim has yet to read it. Index messages_put_off.
WITH waiting AS MATERIALIZED (
    SELECT bucket, id FROM messages
    WHERE state = 'planned' AND project_id = :project_id AND outcome_code = :code AND coalesce(integration, '') = :sender
        AND due_at > :now
    ORDER BY due_at
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
UPDATE messages m SET due_at = :now FROM waiting w WHERE m.bucket = w.bucket AND m.id = w.id;

-- name: lock_by_id
-- services.move_messages: the messages that reports and outcomes are about, in one order for all; primary key.
SELECT m.bucket, m.id, m.project_id, m.customer_id, m.kind, m.state, m.integration, m.account, m.recipient, m.content,
    m.origin, m.consent_category, m.attempts, m.expires_at, m.provider_message_id, m.planned_at, m.changed_at,
    m.quote
FROM messages m
JOIN unnest(:buckets::smallint[], :ids::uuid[]) AS wanted (bucket, id) ON m.bucket = wanted.bucket AND m.id = wanted.id
ORDER BY m.id
FOR UPDATE OF m;

-- name: lock_anywhere
-- services.move_messages: messages that a merge took to another bucket; primary key, one look per bucket.
SELECT bucket, id, project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, attempts, expires_at, provider_message_id, planned_at, changed_at, quote
FROM messages
WHERE bucket = ANY(:buckets::smallint[]) AND id = ANY(:ids::uuid[])
ORDER BY id
FOR UPDATE;

-- name: ids_at_provider
-- services.receive_callbacks: reports that carry no id of ours; index messages_at_provider.
SELECT id, provider_message_id FROM messages
WHERE project_id = :project_id AND provider_message_id = ANY(:provider_message_ids::text[]);

-- name: move
-- services.move_messages: rows that still stand as it knows them; primary key.
UPDATE messages m
SET state = new.state,
    due_at = coalesce(new.due_at, m.due_at),
    lease_until = new.lease_until,
    left_at = CASE WHEN new.state = 'sending' THEN :now ELSE m.left_at END,
    attempts = new.attempts,
    faults = coalesce(new.faults, m.faults),
    recipient = coalesce(new.recipient, m.recipient),
    provider_message_id = coalesce(m.provider_message_id, new.provider_message_id),
    decision = coalesce(m.decision || new.decision, m.decision),
    wire_decision = coalesce(new.wire_decision, m.wire_decision),
    outcome_code = coalesce(new.outcome_code, m.outcome_code),
    outcome_sentence = coalesce(new.outcome_sentence, m.outcome_sentence),
    quote = coalesce(new.quote, m.quote),
    tier = coalesce(new.tier, m.tier),
    kind = coalesce(new.kind, m.kind),
    content = coalesce(new.content, m.content),
    changed_at = greatest(m.changed_at, :now)
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :customer_ids::uuid[], :was::text[], :tried::smallint[], :states::text[],
    :due_ats::timestamptz[], :lease_untils::timestamptz[], :attempts::smallint[], :faults::smallint[],
    :recipients::text[], :provider_message_ids::text[], :decisions::jsonb[], :wire_decisions::json[],
    :outcome_codes::text[], :outcome_sentences::text[],
    :quotes::jsonb[], :tiers::text[], :kinds::text[], :contents::jsonb[]
) AS new (
    bucket, id, customer_id, was, tried, state, due_at, lease_until, attempts, faults, recipient, provider_message_id,
    decision, wire_decision, outcome_code, outcome_sentence, quote, tier, kind, content
)
WHERE m.bucket = new.bucket AND m.id = new.id AND m.customer_id = new.customer_id AND m.state = new.was
    AND m.attempts = new.tried
RETURNING m.id;

-- name: lost_in_flight
-- services.deliver_messages: their worker vanished between calling and recording; index messages_in_flight. A lease
-- that ends later than any that is given now is from before the clock was set back: whose end would be too late.
SELECT bucket, id FROM messages
WHERE state = 'sending' AND (lease_until < :now OR lease_until > :latest)
LIMIT :most
FOR UPDATE SKIP LOCKED;

-- name: still_claimed
-- services.deliver_messages: taken by a claim whose commit got no answer and by no other since, as `left_at` tells;
-- also where its lease was ended, but not of erased customers. One that somebody holds is passed over. Primary key, one
-- look per bucket: a merge may have taken them anywhere.
SELECT id FROM messages
WHERE bucket = ANY(:buckets::smallint[]) AND id = ANY(:ids::uuid[]) AND left_at = :left_at AND content <> '{}'
    AND state IN ('sending', 'uncertain')
FOR UPDATE SKIP LOCKED;

-- name: keep_early_reports!
-- services.receive_callbacks: reports of messages whose send has not been answered yet; primary key.
INSERT INTO early_reports (bucket, project_id, provider_message_id, state, report, received_at)
SELECT bucket, :project_id, provider_message_id, state, report, :now
FROM unnest(:buckets::smallint[], :provider_message_ids::text[], :states::text[], :reports::jsonb[])
    AS new (bucket, provider_message_id, state, report)
ON CONFLICT DO NOTHING;

-- name: take_early_reports
-- services.deliver_messages: joined when the send's own answer names the message; primary key.
DELETE FROM early_reports e
USING unnest(:buckets::smallint[], :project_ids::uuid[], :provider_message_ids::text[])
    AS wanted (bucket, project_id, provider_message_id)
WHERE e.bucket = wanted.bucket AND e.project_id = wanted.project_id
    AND e.provider_message_id = wanted.provider_message_id
RETURNING e.project_id, e.provider_message_id, e.state, e.report;

-- name: named_early_reports
-- services.deliver_messages: reports and answers that crossed; index messages_at_provider.
SELECT DISTINCT e.provider_message_id, m.id
FROM early_reports e
JOIN messages m ON m.project_id = e.project_id AND m.provider_message_id = e.provider_message_id
LIMIT :most;
