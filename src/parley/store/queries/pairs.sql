-- name: lock_pairs
-- services.pairs: how far each is paid for; held until the claim commits, in one order for all. Primary key.
SELECT p.account, p.recipient, p.paid_until
FROM pairs p
JOIN unnest(:buckets::smallint[], :accounts::text[], :recipients::text[]) AS wanted (bucket, account, recipient)
    ON p.bucket = wanted.bucket AND p.project_id = :project_id AND p.account = wanted.account
        AND p.recipient = wanted.recipient
ORDER BY p.bucket, p.account, p.recipient
FOR UPDATE OF p;

-- name: hold_pairs
-- services.pairs: the same, and of whom nothing was known a row is made, so that another claim waits for it. In one order
-- for all. Primary key.
INSERT INTO pairs AS p (bucket, project_id, account, recipient, paid_until)
SELECT bucket, :project_id, account, recipient, :now
FROM unnest(:buckets::smallint[], :accounts::text[], :recipients::text[]) AS wanted (bucket, account, recipient)
ORDER BY bucket, account, recipient
ON CONFLICT (bucket, project_id, account, recipient) DO UPDATE SET paid_until = p.paid_until
RETURNING account, recipient, paid_until;

-- name: pay!
-- services.pairs: messages that leave now, added to whatever another worker has added meanwhile. More than the most
-- is not owed: it comes of a clock that has stepped back. Primary key.
INSERT INTO pairs AS p (bucket, project_id, account, recipient, paid_until)
SELECT bucket, :project_id, account, recipient, :now::timestamptz + count * :each::interval
FROM unnest(:buckets::smallint[], :accounts::text[], :recipients::text[], :counts::integer[])
    AS sent (bucket, account, recipient, count)
ORDER BY bucket, account, recipient
ON CONFLICT (bucket, project_id, account, recipient) DO UPDATE
SET paid_until = least(
    :now::timestamptz + :most::interval,
    greatest(:now, CASE WHEN p.paid_until <= :now::timestamptz + :most::interval THEN p.paid_until END)
        + (excluded.paid_until - :now::timestamptz)
);

-- name: sweep_pairs!
-- services.pairs: those that say nothing any more. Reads all: they are those of the last seconds.
DELETE FROM pairs WHERE paid_until < :now;
