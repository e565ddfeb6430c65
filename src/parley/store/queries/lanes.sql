-- name: waiting_lanes
-- services.turns: the lanes that hold a message, a priority at a time, those after the given ones; and how many of each
-- are due, counted up to an equal share of the room; of a sender that is held, none.
-- Looks once per lane, not per message: index messages_waiting.
WITH RECURSIVE walk AS (
    SELECT after.priority, after.project_id, after.sender, NULL::timestamptz AS first_due_at, 0 AS place
    FROM unnest(:priorities::smallint[], :project_ids::uuid[], :senders::text[]) AS after (priority, project_id, sender)
    UNION ALL
    SELECT walk.priority, next.project_id, next.sender, next.due_at, walk.place + 1
    FROM walk
    CROSS JOIN LATERAL (
        SELECT m.project_id, coalesce(m.integration, '') AS sender, m.due_at
        FROM messages m
        WHERE m.state IN ('planned', 'queued') AND m.priority = walk.priority
            AND (m.project_id, coalesce(m.integration, '')) > (walk.project_id, walk.sender)
        ORDER BY m.project_id, coalesce(m.integration, ''), m.due_at
        LIMIT 1
    ) next
    WHERE walk.place < :most
), waiting AS (
    SELECT walk.*, p.definitions_stamp AS stamp, coalesce(h.until > :now OR h.asking_until > :now, false) AS held,
        coalesce(h.away_until > :now, false) AS away, ceil(:room::float / greatest(1, count(*) FILTER (
            WHERE first_due_at <= :now AND (h.until > :now OR h.asking_until > :now) IS NOT TRUE
        ) OVER ()))::integer AS share
    FROM walk
    JOIN projects p ON p.id = walk.project_id
    LEFT JOIN holds h ON h.project_id = walk.project_id AND h.sender = walk.sender AND h.since <= :now
    WHERE place > 0
)
SELECT w.priority, w.project_id, w.sender, w.stamp, w.share, w.away, (
    SELECT count(*)::integer
    FROM (
        SELECT FROM messages m
        WHERE m.state IN ('planned', 'queued') AND m.priority = w.priority AND m.project_id = w.project_id
            AND coalesce(m.integration, '') = w.sender AND m.due_at <= :now
        LIMIT CASE WHEN w.held THEN 0 ELSE w.share END
    ) one
) AS due
FROM waiting w
ORDER BY w.priority, w.place;
