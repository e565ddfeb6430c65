-- name: keep_callbacks
-- services.receive_callbacks: as they came, before anything is made of them. Answers the ones not seen before.
-- Primary key.
INSERT INTO callbacks (bucket, project_id, integration, key, body, headers, received_at)
SELECT DISTINCT ON (bucket, project_id, integration, key) bucket, project_id, integration, key, body, headers, :now
FROM unnest(
    :buckets::smallint[], :project_ids::uuid[], :integrations::text[], :keys::bytea[], :bodies::bytea[],
    :headers::jsonb[]
) AS new (bucket, project_id, integration, key, body, headers)
ORDER BY bucket, project_id, integration, key
ON CONFLICT (bucket, project_id, integration, key) DO UPDATE SET times_seen = callbacks.times_seen + 1
RETURNING project_id, integration, key, times_seen;

-- name: mark_not_understood!
-- services.receive_callbacks: what was in a callback that we could not use; primary key.
UPDATE callbacks c
SET unknown = new.unknown, problem = new.problem
FROM unnest(
    :buckets::smallint[], :project_ids::uuid[], :integrations::text[], :keys::bytea[], :unknowns::smallint[],
    :problems::text[]
) AS new (bucket, project_id, integration, key, unknown, problem)
WHERE c.bucket = new.bucket AND c.project_id = new.project_id AND c.integration = new.integration AND c.key = new.key;

-- name: keep_inbound
-- services.receive_callbacks: answers the messages not seen before; primary key.
INSERT INTO inbound_messages (bucket, project_id, integration, provider_message_id, customer_id, received_at)
SELECT bucket, :project_id, :integration, provider_message_id, customer_id, :now
FROM unnest(:buckets::smallint[], :provider_message_ids::text[], :customer_ids::uuid[])
    AS new (bucket, provider_message_id, customer_id)
ON CONFLICT DO NOTHING
RETURNING provider_message_id;
