-- name: lock_owners
-- resolve_customers, find_or_create_by_address: who owns these addresses, each owner locked in the order of all.
-- First a row for each address that was found, by its place among those asked for, then one without a place for each
-- customer as locked: where the two differ in `lost`, or the second is missing, the first was looked up too early.
-- Primary key of addresses; primary key of customers.
WITH wanted AS (
    SELECT * FROM unnest(:buckets::smallint[], :kinds::text[], :names::text[], :values::text[]) WITH ORDINALITY
        AS w (bucket, kind, name, value, place)
), found AS MATERIALIZED (
    SELECT w.place, c.bucket, c.id, c.created_at, c.updated_at, c.addresses_lost
    FROM wanted w
    JOIN addresses a
        ON a.bucket = w.bucket AND a.project_id = :project_id
        AND a.kind = w.kind AND a.name = w.name AND a.value = w.value
    LEFT JOIN customers c ON c.bucket = (get_byte(uuid_send(a.customer_id), 15) & 63) AND c.id = a.customer_id
), locked AS MATERIALIZED (
    SELECT c.id, c.addresses_lost
    FROM customers c
    WHERE (c.bucket, c.id) IN (SELECT f.bucket, f.id FROM found f)
    ORDER BY c.bucket, c.id
    FOR NO KEY UPDATE
)
SELECT place, id, addresses_lost, created_at, updated_at FROM found
UNION ALL
SELECT NULL, id, addresses_lost, NULL, NULL FROM locked;

-- name: owners
-- The doors that only read a customer: owners of addresses, nothing locked; primary key of addresses.
SELECT a.kind, a.name, a.value, a.customer_id
FROM unnest(:buckets::smallint[], :kinds::text[], :names::text[], :values::text[]) AS w (bucket, kind, name, value)
JOIN addresses a
    ON a.bucket = w.bucket AND a.project_id = :project_id
    AND a.kind = w.kind AND a.name = w.name AND a.value = w.value;

-- name: hard_ids_of
-- resolve_customers, before two could become one; addresses_of_customer.
SELECT customer_id, name, value FROM addresses WHERE customer_id = ANY(:ids::uuid[]) AND kind = 'hard';

-- name: addresses_of
-- customer_data, anonymize, merges; addresses_of_customer.
SELECT customer_id, kind, name, value FROM addresses WHERE customer_id = ANY(:ids::uuid[])
ORDER BY customer_id, kind, name, last_used_at, value;

-- name: insert_customers!
-- resolve_customers, find_or_create_by_address; primary key.
INSERT INTO customers (bucket, id, project_id, created_at, updated_at)
SELECT n.bucket, n.id, :project_id, :now, :now
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id);

-- name: insert_addresses
-- resolve_customers, set_properties: sorted by the caller, so that two who add the same wait and do not deadlock.
-- Primary key and addresses_identify_one.
INSERT INTO addresses (bucket, project_id, kind, name, value, customer_id, last_used_at)
SELECT n.bucket, :project_id, n.kind, n.name, n.value, n.customer_id, :now
FROM unnest(:buckets::smallint[], :kinds::text[], :names::text[], :values::text[], :customer_ids::uuid[])
    AS n (bucket, kind, name, value, customer_id)
ON CONFLICT DO NOTHING
RETURNING value;

-- name: move_addresses!
-- resolve_customers: a soft id that went to another customer; addresses_identify_one.
UPDATE addresses a SET customer_id = n.customer_id, last_used_at = :now
FROM unnest(:buckets::smallint[], :kinds::text[], :names::text[], :values::text[], :customer_ids::uuid[])
    AS n (bucket, kind, name, value, customer_id)
WHERE a.bucket = n.bucket AND a.project_id = :project_id
    AND a.kind = n.kind AND a.name = n.name AND a.value = n.value;

-- name: touch_addresses!
-- resolve_customers: soft ids that were used now, for dropping the least recently used; primary key.
UPDATE addresses a SET last_used_at = :now
FROM unnest(:buckets::smallint[], :kinds::text[], :names::text[], :values::text[]) AS n (bucket, kind, name, value)
WHERE a.bucket = n.bucket AND a.project_id = :project_id
    AND a.kind = n.kind AND a.name = n.name AND a.value = n.value AND a.last_used_at < :now;

-- name: drop_old_soft_ids
-- resolve_customers, after soft ids were added; addresses_of_customer.
DELETE FROM addresses a USING (
    SELECT bucket, kind, name, value, customer_id,
        row_number() OVER (PARTITION BY customer_id, name ORDER BY last_used_at DESC, value) AS place
    FROM addresses WHERE customer_id = ANY(:ids::uuid[]) AND kind = 'soft'
) AS ranked
WHERE ranked.place > :kept
    AND a.bucket = ranked.bucket AND a.project_id = :project_id AND a.kind = ranked.kind
    AND a.name = ranked.name AND a.value = ranked.value AND a.customer_id = ranked.customer_id
RETURNING a.customer_id;

-- name: count_lost_addresses!
-- resolve_customers, anonymize: whoever looked these customers up before must look again; primary key.
UPDATE customers c SET addresses_lost = addresses_lost + 1
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
WHERE c.bucket = n.bucket AND c.id = n.id;

-- name: close_gates!
-- resolve_customers, anonymize: waits for whoever stores events of these customers by insert_events_of_known, and tells
-- whoever comes meanwhile to look again; in the order of all locks. Primary key of customer_gates.
WITH closing AS MATERIALIZED (
    SELECT g.bucket, g.part
    FROM customer_gates g
    WHERE (g.bucket, g.part) IN (
        SELECT get_byte(uuid_send(id), 15) & 63, get_byte(uuid_send(id), 14) & 63 FROM unnest(:ids::uuid[]) AS id
    )
    ORDER BY g.bucket, g.part
    FOR NO KEY UPDATE
)
UPDATE customer_gates g SET times_closed = g.times_closed + 1
FROM closing c
WHERE g.bucket = c.bucket AND g.part = c.part;

-- name: hold_customers
-- hold_customers, before a worker writes to customers that it read earlier; primary key.
SELECT c.id FROM customers c
WHERE (c.bucket, c.id) IN (SELECT * FROM unnest(:buckets::smallint[], :ids::uuid[]))
ORDER BY c.bucket, c.id
FOR KEY SHARE;

-- name: hold_or_leave
-- services.advance_journeys: holds them without waiting; those whom somebody merges away at this moment are told, and
-- not held. Primary key.
WITH held AS MATERIALIZED (
    SELECT c.id FROM customers c
    WHERE (c.bucket, c.id) IN (SELECT * FROM unnest(:buckets::smallint[], :ids::uuid[]))
    FOR KEY SHARE SKIP LOCKED
)
SELECT c.id FROM customers c
WHERE (c.bucket, c.id) IN (SELECT * FROM unnest(:buckets::smallint[], :ids::uuid[]))
    AND NOT EXISTS (SELECT FROM held WHERE held.id = c.id);

-- name: merged_into
-- hold_customers, for those that are gone; primary key of merged_customers.
SELECT m.id, m.into_id
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
JOIN merged_customers m ON m.bucket = n.bucket AND m.id = n.id;

-- name: customers_by_id
-- customer_data, services.people; primary key.
SELECT c.id, c.project_id, c.properties, c.phone, c.phone_problem, c.created_at, c.updated_at
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
JOIN customers c ON c.bucket = n.bucket AND c.id = n.id;

-- name: lock_attributes
-- set_properties, merges, anonymize: nobody else changes them now; in the order of all locks. Primary key.
SELECT c.id, c.properties, c.property_times, c.phone, c.phone_problem
FROM customers c
WHERE (c.bucket, c.id) IN (SELECT * FROM unnest(:buckets::smallint[], :ids::uuid[]))
ORDER BY c.bucket, c.id
FOR NO KEY UPDATE;

-- name: update_customers!
-- set_properties, merges, anonymize: of customers that the caller holds; primary key.
UPDATE customers c SET
    properties = n.properties, property_times = n.property_times, phone = n.phone, phone_problem = n.phone_problem,
    updated_at = :now
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :properties::jsonb[], :property_times::jsonb[], :phones::text[],
    :phone_problems::text[]
) AS n (bucket, id, properties, property_times, phone, phone_problem)
WHERE c.bucket = n.bucket AND c.id = n.id;

-- name: delete_addresses!
-- set_properties, merges, anonymize: before a customer's phone is another one; addresses_of_customer.
DELETE FROM addresses WHERE customer_id = ANY(:ids::uuid[]) AND kind = ANY(:kinds::text[]);

-- name: last_written_to
-- find_or_create_by_address: whom we last wrote to, of several with one number; messages_of_customer.
SELECT n.id, (
    SELECT max(m.planned_at) FROM messages m
    WHERE m.bucket = n.bucket AND m.customer_id = n.id AND m.state <> 'refused'
) AS at
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id);

-- name: page_of_customers
-- customer_data.export: page by page; customers_of_project.
SELECT id, properties FROM customers WHERE project_id = :project_id AND id > :after ORDER BY id LIMIT :size;

-- name: ids_of_project
-- services.page_through, services.upload_consents: page by page; customers_of_project.
SELECT id FROM customers WHERE project_id = :project_id AND id > :after ORDER BY id LIMIT :size;

-- name: count_customers$
-- services.try_policy: how many there are to look at; customers_of_project.
SELECT count(*) FROM customers WHERE project_id = :project_id;

-- name: property_names
-- customer_data.export_fields: one pass over the project's customers; customers_of_project.
SELECT DISTINCT name FROM customers, jsonb_object_keys(properties) AS name
WHERE project_id = :project_id ORDER BY name;

