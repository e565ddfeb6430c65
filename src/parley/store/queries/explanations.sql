-- name: message_by_id^
-- services.explain_message: by our id, in whatever bucket; primary key, one look per bucket.
SELECT bucket, id, project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, attempts, planned_at, due_at, expires_at, changed_at, provider_message_id,
    CASE WHEN wire_decision IS NULL THEN decision ELSE decision || jsonb_build_object('wire', wire_decision) END AS decision,
    outcome_code, outcome_sentence, quote
FROM messages
WHERE bucket = ANY(:buckets::smallint[]) AND id = :id AND project_id = coalesce(:project_id::uuid, project_id);

-- name: message_by_provider_id^
-- services.explain_message: the operator has only the provider's id. A full look, for a person who waits.
SELECT bucket, id, project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, attempts, planned_at, due_at, expires_at, changed_at, provider_message_id,
    CASE WHEN wire_decision IS NULL THEN decision ELSE decision || jsonb_build_object('wire', wire_decision) END AS decision,
    outcome_code, outcome_sentence, quote
FROM messages
WHERE provider_message_id = :provider_message_id AND project_id = coalesce(:project_id::uuid, project_id)
ORDER BY planned_at
LIMIT 1;

-- name: states_of
-- services.explain_message: the campaign events of one message; index events_of_customer. A client's own
-- may say anything, also of when something was sent.
SELECT occurred_at AS at,
    to_timestamp(jsonb_path_query_first(properties, '$.sent_timestamp ? (@ > 0 && @ < 1e10)')::float8) AS left_at,
    properties ->> 'status' AS state, properties ->> 'code' AS code,
    properties ->> 'error' AS sentence
FROM events
WHERE bucket = :bucket AND customer_id = :customer_id AND type = 'campaign' AND properties ->> 'message_id' = :message_id
ORDER BY created_at, id;

-- name: steps_of
-- services.explain_message: what happened to a journey, in whatever bucket; primary key, one look per bucket.
SELECT at, node, what FROM journey_steps
WHERE bucket = ANY(:buckets::smallint[]) AND journey_id = :journey_id ORDER BY seq;
