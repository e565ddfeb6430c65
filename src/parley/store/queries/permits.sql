-- name: take_permits
-- services.permits: as many of each as there are; parley.queue.bucket says the same in Python. In one order for all, so
-- that nobody waits in a circle; the clock is read with the row in hand, so that it never runs backwards for a bucket.
-- Primary key.
INSERT INTO permits AS p (name, per_second, burst, permits, counted_at, granted, returned)
SELECT name, per_second, burst, burst - least(wanted, floor(burst)), coalesce(:now::timestamptz, clock_timestamp()),
    least(wanted, floor(burst))::integer, returned
FROM unnest(
    :names::text[], :rates::double precision[], :bursts::double precision[], :wanted::integer[], :returned::integer[]
) AS asked (name, per_second, burst, wanted, returned)
ORDER BY name
ON CONFLICT (name) DO UPDATE
SET (per_second, burst, permits, counted_at, granted, returned) = (
    SELECT excluded.per_second, excluded.burst, bucket.filled - least(excluded.granted, floor(bucket.filled)),
        clock.now, least(excluded.granted, floor(bucket.filled))::integer, excluded.returned
    FROM (SELECT coalesce(:now::timestamptz, clock_timestamp()) AS now) clock
    CROSS JOIN LATERAL (
        SELECT least(
            excluded.burst,
            p.permits + excluded.returned
                + excluded.per_second * greatest(0, extract(epoch FROM clock.now - p.counted_at)::double precision)
        ) AS filled
    ) bucket
)
RETURNING name, granted, permits;

-- name: hold!
-- services.holding: the provider asked a sender to slow down. Answers to calls that were under way already are the same
-- wave; the next wave within a minute counts as one more in a row, and doubles the wait. Primary key.
INSERT INTO holds AS h (project_id, sender, code, sentence, times, since, until)
VALUES (:project_id, :sender, :code, :sentence, 1, :now,
    :now::timestamptz + greatest(:asked_seconds::double precision, :base_seconds) * interval '1 second')
ON CONFLICT (project_id, sender) DO UPDATE
SET (code, sentence, times, since, until) = (
    SELECT excluded.code, excluded.sentence, wave.times,
        CASE WHEN wave.same THEN h.since ELSE excluded.since END,
        greatest(CASE WHEN wave.same THEN h.until END, :now::timestamptz + interval '1 second' * greatest(
            :asked_seconds, least(:ceiling_seconds, :base_seconds * 2 ^ least(wave.times - 1, 30))
        ))
    FROM (
        SELECT same, CASE WHEN same THEN h.times WHEN soon THEN h.times + 1 ELSE 1 END AS times
        FROM (
            SELECT :now BETWEEN h.since AND h.until AS same,
                :now BETWEEN h.until AND h.until + interval '1 minute' AS soon
        ) now
    ) wave
);
