-- name: keep_callbacks$
-- services.receive_callbacks: as they came, if their doors are still what they were; answers how many were not seen
-- before. Those, and what is read each time it comes, are to be read in the order of their places. Primary keys; unique
-- key of the tokens.
WITH changed AS MATERIALIZED (
    SELECT FROM unnest(
        :tokens::text[], :door_project_ids::uuid[], :door_integrations::text[], :stamps::bigint[]
    ) AS door (token, project_id, integration, stamp)
    WHERE NOT EXISTS (
        SELECT FROM definitions d JOIN projects p ON p.id = d.project_id
        WHERE d.callback_token = door.token AND d.project_id = door.project_id AND d.name = door.integration
            AND p.definitions_stamp = door.stamp
    )
), told AS (
    SELECT * FROM unnest(
        :buckets::smallint[], :project_ids::uuid[], :integrations::text[], :keys::bytea[], :bodies::bytea[],
        :headers::jsonb[], :read_again::boolean[]
    ) WITH ORDINALITY AS one (bucket, project_id, integration, key, body, headers, read_again, place)
    WHERE NOT EXISTS (SELECT FROM changed)
), kept AS (
    INSERT INTO callbacks (bucket, project_id, integration, key, body, headers, received_at)
    SELECT bucket, project_id, integration, key, body, headers, :now FROM told
    ORDER BY bucket, project_id, integration, key
    ON CONFLICT (bucket, project_id, integration, key) DO UPDATE SET times_seen = callbacks.times_seen + 1
    RETURNING bucket, project_id, integration, key, times_seen
), unread AS (
    INSERT INTO callbacks_unread (bucket, project_id, integration, key, received_at)
    SELECT bucket, project_id, integration, key, :now FROM kept JOIN told USING (bucket, project_id, integration, key)
    WHERE times_seen = 1 OR read_again
    ORDER BY place
)
SELECT count(*) FROM kept WHERE times_seen = 1 HAVING NOT EXISTS (SELECT FROM changed);

-- name: take_unread
-- services.read_callbacks: the first to have arrived that nobody else reads; they count as read when the transaction
-- commits. By their places on the disk and one by one, because the planner takes a queue that was empty for a small one.
-- Primary keys.
WITH first AS MATERIALIZED (
    SELECT ctid, arrived, bucket, project_id, integration, key, received_at FROM callbacks_unread
    ORDER BY arrived LIMIT :most FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM callbacks_unread u USING first f WHERE u.ctid = f.ctid
)
SELECT f.project_id, f.integration, f.key, c.body, f.received_at, p.definitions_stamp
FROM first f
CROSS JOIN LATERAL (
    SELECT body FROM callbacks c
    WHERE c.bucket = f.bucket AND c.project_id = f.project_id AND c.integration = f.integration AND c.key = f.key
    LIMIT 1
) c
JOIN projects p ON p.id = f.project_id
ORDER BY f.arrived;

-- name: mark_not_understood!
-- services.read_callbacks: what was in a callback that we could not use; primary key.
UPDATE callbacks c
SET unknown = new.unknown, problem = new.problem
FROM unnest(
    :buckets::smallint[], :project_ids::uuid[], :integrations::text[], :keys::bytea[], :unknowns::smallint[],
    :problems::text[]
) AS new (bucket, project_id, integration, key, unknown, problem)
WHERE c.bucket = new.bucket AND c.project_id = new.project_id AND c.integration = new.integration AND c.key = new.key;

-- name: callbacks_not_understood
-- services.callback_problems: after a place, the newest first; index callbacks_not_understood.
SELECT integration, key, received_at, times_seen, unknown, problem, substring(body FOR :beginning), octet_length(body)
FROM callbacks
WHERE project_id = :project_id AND (unknown > 0 OR problem IS NOT NULL) AND received_at <= :before_at
    AND (received_at, integration, key) < (:before_at, :before_integration::text, :before_key::bytea)
ORDER BY received_at DESC, integration DESC, key DESC
LIMIT :most;

-- name: received_at$
-- services.callback_problems: where a page goes on; primary key.
SELECT received_at FROM callbacks
WHERE bucket = :bucket AND project_id = :project_id AND integration = :integration AND key = :key;

-- name: take_inbound
-- services.receive_inbound: of what customers wrote, what was not seen before. For that the windows open: a later message
-- renews, an older one that comes late does not. Answers whether a journey awaits the customer's reply, too. Primary
-- keys; journeys_awaiting.
WITH told AS (
    SELECT * FROM unnest(
        :buckets::smallint[], :integrations::text[], :provider_message_ids::text[], :customer_ids::uuid[],
        :customer_buckets::smallint[], :accounts::text[], :addresses::text[], :ats::timestamptz[],
        :came_by_ad_ats::timestamptz[]
    ) AS one (
        bucket, integration, provider_message_id, customer_id, customer_bucket, account, address, at, came_by_ad_at
    )
), new AS (
    INSERT INTO inbound_messages (bucket, project_id, integration, provider_message_id, customer_id, received_at)
    SELECT bucket, :project_id, integration, provider_message_id, customer_id, :now FROM told
    ON CONFLICT DO NOTHING
    RETURNING bucket, integration, provider_message_id
), opened AS (
    INSERT INTO windows (bucket, project_id, customer_id, account, address, last_inbound_at, inbound_id, came_by_ad_at)
    SELECT DISTINCT ON (customer_bucket, customer_id, account, address)
        customer_bucket, :project_id, customer_id, account, address, at, provider_message_id, came_by_ad_at
    FROM told JOIN new USING (bucket, integration, provider_message_id)
    WHERE at IS NOT NULL
    ORDER BY customer_bucket, customer_id, account, address, at DESC
    ON CONFLICT (bucket, customer_id, account, address) DO UPDATE
    SET last_inbound_at = excluded.last_inbound_at, inbound_id = excluded.inbound_id,
        came_by_ad_at = coalesce(excluded.came_by_ad_at, windows.came_by_ad_at)
    WHERE windows.last_inbound_at < excluded.last_inbound_at
)
SELECT integration, provider_message_id, EXISTS (
    SELECT FROM journeys j
    WHERE j.bucket = told.customer_bucket AND j.customer_id = told.customer_id AND j.awaiting = 'reply'
) AS is_awaited
FROM told JOIN new USING (bucket, integration, provider_message_id);
