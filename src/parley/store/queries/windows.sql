-- name: windows_of_customers
-- services.people: who may be sent free text. A customer's own, then those of others with the same number, which is told;
-- primary key, addresses_of_customer, primary key of addresses.
SELECT w.customer_id AS asked, NULL AS number, w.customer_id, w.account, w.address, w.last_inbound_at, w.inbound_id,
    w.came_by_ad_at, w.free_until
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS wanted (bucket, id)
JOIN windows w ON w.bucket = wanted.bucket AND w.customer_id = wanted.id
UNION ALL
SELECT mine.customer_id, mine.value, w.customer_id, w.account, w.address, w.last_inbound_at, w.inbound_id,
    w.came_by_ad_at, w.free_until
FROM addresses mine
JOIN addresses theirs ON theirs.bucket = mine.bucket AND theirs.project_id = mine.project_id
    AND theirs.kind = mine.kind AND theirs.name = mine.name AND theirs.value = mine.value
    AND theirs.customer_id <> mine.customer_id
JOIN windows w ON w.bucket = (get_byte(uuid_send(theirs.customer_id), 15) & 63) AND w.customer_id = theirs.customer_id
WHERE mine.customer_id = ANY(:ids::uuid[]) AND mine.kind = 'phone'
ORDER BY last_inbound_at;

-- name: enter_free!
-- services.price_messages: an answer arrived; of several the first counts. Primary key.
UPDATE windows w SET free_until = a.delivered_at + :lasts::interval
FROM (
    SELECT bucket, customer_id, account, min(delivered_at) AS delivered_at
    FROM unnest(:buckets::smallint[], :customer_ids::uuid[], :accounts::text[], :delivered_ats::timestamptz[])
        AS new (bucket, customer_id, account, delivered_at)
    GROUP BY bucket, customer_id, account
) a
WHERE w.bucket = a.bucket AND w.customer_id = a.customer_id AND w.account = a.account
    AND a.delivered_at BETWEEN w.came_by_ad_at AND w.came_by_ad_at + :within::interval
    AND (w.free_until IS NULL OR w.free_until < a.delivered_at);
