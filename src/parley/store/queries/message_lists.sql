-- name: place_in_list^
-- services.list_messages: the message that the page before ended with; primary key.
SELECT planned_at, id FROM messages
WHERE bucket = ANY(:buckets::smallint[]) AND customer_id = ANY(:customer_ids::uuid[]) AND project_id = :project_id
    AND id = :id;

-- name: messages_of_customers
-- services.list_messages: the newest first, with what holds those back that wait, and with their money; index
-- messages_of_customer, a page of each customer at most, then the primary keys of stops, holds and cost_entries (whose
-- bucket is that of the message's id).
WITH page AS (
    SELECT m.*
    FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
    CROSS JOIN LATERAL (
        SELECT id, customer_id, project_id, integration, planned_at, kind, content, state, outcome_code,
            outcome_sentence, due_at, quote
        FROM messages m
        WHERE m.bucket = n.bucket AND m.customer_id = n.id AND m.project_id = :project_id
            AND m.planned_at >= :since AND m.planned_at <= :before_at AND (m.planned_at, m.id) < (:before_at, :before_id)
            AND m.state = ANY(:states::text[])
        ORDER BY m.planned_at DESC, m.id DESC
        LIMIT :size
    ) m
    ORDER BY m.planned_at DESC, m.id DESC
    LIMIT :size
)
SELECT p.id, p.customer_id, p.planned_at, p.kind, p.content, p.state, p.outcome_code AS code,
    p.outcome_sentence AS sentence, p.due_at, p.quote, stop.code AS stop_code, stop.sentence AS stop_sentence,
    h.code AS hold_code, h.sentence AS hold_sentence, CASE WHEN h.until > :now THEN h.until END AS hold_until,
    paid.reserved, paid.spent, paid.known
FROM page p
LEFT JOIN LATERAL (
    SELECT s.code, s.sentence FROM stops s
    WHERE s.project_id = p.project_id AND s.sender = p.integration AND s.released_at IS NULL
        AND s.template IN ('', template_of(p.kind, p.content), CASE WHEN p.outcome_code = 'template_stopped'
            THEN template_of(p.content #>> '{other,kind}', p.content -> 'other') END)
    ORDER BY s.template
    LIMIT 1
) stop ON p.state IN ('planned', 'queued')
LEFT JOIN holds h ON h.project_id = p.project_id AND h.sender = p.integration AND h.since <= :now
    AND (h.until > :now OR h.away_until > :now) AND p.state IN ('planned', 'queued')
LEFT JOIN LATERAL (
    SELECT sum(c.reserved) AS reserved, sum(c.spent) AS spent,
        (array_agg(c.known ORDER BY c.at DESC) FILTER (WHERE c.kind <> 'fee'))[1] AS known
    FROM cost_entries c
    WHERE c.bucket = get_byte(uuid_send(p.id), 15) & 63 AND c.message_id = p.id
) paid ON p.quote IS NOT NULL
ORDER BY p.planned_at DESC, p.id DESC;
