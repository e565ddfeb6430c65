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
