-- name: hold!
-- services.holding: a sender must wait: the provider asked it to slow down, or is away. Answers to calls that were under
-- way already are the same wave; the next wave within a minute, or while the provider is away, counts as one more in a
-- row, and doubles the wait. Primary key.
INSERT INTO holds AS h (project_id, sender, code, sentence, times, since, until, away_since, away_until)
SELECT :project_id, :sender, :code, :sentence, 1, :now, until, CASE WHEN :is_away THEN :now::timestamptz END,
    CASE WHEN :is_away THEN until + :away_seconds::double precision * interval '1 second' END
FROM (
    SELECT :now::timestamptz
        + greatest(:asked_seconds::double precision, :base_seconds::double precision) * interval '1 second' AS until
) first
ON CONFLICT (project_id, sender) DO UPDATE
SET (code, sentence, times, since, until, away_since, away_until, asking_until) = (
    SELECT excluded.code, excluded.sentence, held.times, held.since, held.until,
        CASE WHEN :is_away THEN CASE WHEN h.away_until > :now THEN h.away_since ELSE :now END END,
        CASE WHEN :is_away THEN held.until + :away_seconds * interval '1 second' END,
        CASE WHEN :is_away THEN h.asking_until END
    FROM (
        SELECT wave.times, CASE WHEN wave.same THEN h.since ELSE excluded.since END AS since,
            greatest(CASE WHEN wave.same THEN h.until END, :now::timestamptz + interval '1 second' * greatest(
                :asked_seconds, least(:ceiling_seconds, :base_seconds * 2 ^ least(wave.times - 1, 30))
            )) AS until
        FROM (
            SELECT same, CASE WHEN same THEN h.times WHEN soon THEN h.times + 1 ELSE 1 END AS times
            FROM (
                SELECT :now >= h.since AND :now < h.until AS same,
                    :now BETWEEN h.until AND greatest(h.until + interval '1 minute', h.away_until) AS soon
            ) now
        ) wave
    ) held
);

-- name: ask
-- services.turns: of a sender whose provider is away the one call that asks whether it is back, if nobody else asks.
-- Primary key.
UPDATE holds SET asking_until = :asking_until
WHERE project_id = :project_id AND sender = :sender AND away_until > :now AND until <= :now
    AND coalesce(asking_until <= :now, true)
RETURNING sender;

-- name: end_asking!
-- services.record_outcomes, services.turns: that call has ended, or there was nothing to call for; primary key.
UPDATE holds SET asking_until = NULL WHERE project_id = :project_id AND sender = :sender;

-- name: end_away!
-- services.record_outcomes: the provider has answered, so the next wait is a first one; primary key.
UPDATE holds SET times = 0, until = least(until, :now), away_since = NULL, away_until = NULL, asking_until = NULL
WHERE project_id = :project_id AND sender = :sender AND away_until IS NOT NULL;
