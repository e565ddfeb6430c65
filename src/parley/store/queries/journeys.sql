-- name: insert_journeys!
-- services.start_journeys: in the transaction of the event that starts them; primary key.
INSERT INTO journeys (bucket, id, project_id, customer_id, scenario, state, event_id, due_at, awaiting, started_at)
SELECT bucket, id, :project_id, customer_id, scenario, state, event_id, :now, NULL, :now
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :customer_ids::uuid[], :scenarios::text[], :states::jsonb[], :event_ids::uuid[]
) AS new (bucket, id, customer_id, scenario, state, event_id);

-- name: claim_due_journeys
-- services.advance_journeys: whose time has come and nobody else holds; index journeys_due.
SELECT bucket, id, project_id, customer_id, scenario, state, event_id, signals
FROM journeys
WHERE due_at <= :now
ORDER BY due_at
LIMIT :most
FOR UPDATE SKIP LOCKED;

-- name: move_journeys!
-- services.advance_journeys: rows it has locked; primary key.
UPDATE journeys j
SET state = new.state, due_at = new.due_at, awaiting = new.awaiting, signals = '[]', parked_at = NULL
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :states::jsonb[], :due_ats::timestamptz[], :awaitings::text[]
) AS new (bucket, id, state, due_at, awaiting)
WHERE j.bucket = new.bucket AND j.id = new.id;

-- name: park_journey!
-- services.advance_journeys: one that broke its work, locked; primary key.
UPDATE journeys SET due_at = :until, parked_at = coalesce(parked_at, :now) WHERE bucket = :bucket AND id = :id;

-- name: signal_journeys!
-- services.receive_callbacks: a customer wrote, so what awaits a reply is due now; index journeys_awaiting.
UPDATE journeys j
SET due_at = :now, signals = j.signals || new.signals
FROM (
    SELECT bucket, customer_id, jsonb_agg(signal ORDER BY place) AS signals
    FROM unnest(:buckets::smallint[], :customer_ids::uuid[], :signals::jsonb[]) WITH ORDINALITY
        AS one (bucket, customer_id, signal, place)
    GROUP BY bucket, customer_id
) AS new
WHERE j.bucket = new.bucket AND j.customer_id = new.customer_id AND j.awaiting = 'reply';

-- name: log_steps!
-- services.advance_journeys: what happened, for `parley why` and the evaluation; primary key.
INSERT INTO journey_steps (bucket, journey_id, seq, at, node, what)
SELECT bucket, journey_id,
    coalesce((SELECT max(seq) FROM journey_steps s WHERE s.bucket = new.bucket AND s.journey_id = new.journey_id), 0)
        + place,
    :now, node, what
FROM unnest(
    :buckets::smallint[], :journey_ids::uuid[], :places::integer[], :nodes::text[], :whats::text[]
) AS new (bucket, journey_id, place, node, what);
