-- name: insert_consents!
-- record_events, for `consent` events, and whatever writes a consent by hand; primary key of customers.
INSERT INTO consents (
    bucket, id, project_id, customer_id, category, action, valid_from, valid_until, source, event_id, problem, address,
    shown_text, text_version, proof, confirm_until, confirm_hash, created_at
)
SELECT n.bucket, n.id, :project_id, n.customer_id, n.category, n.action, n.valid_from, n.valid_until, n.source,
    n.event_id, n.problem, coalesce(n.address, (
        SELECT ltrim(c.phone, '+') FROM customers c WHERE c.bucket = n.bucket AND c.id = n.customer_id
    )), n.shown_text, n.text_version, n.proof, n.confirm_until, n.confirm_hash, :now
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :customer_ids::uuid[], :categories::text[], :actions::text[],
    :valid_froms::timestamptz[], :valid_untils::timestamptz[], :sources::text[], :event_ids::uuid[], :problems::text[],
    :addresses::text[], :shown_texts::text[], :text_versions::text[], :proofs::jsonb[],
    :confirm_untils::timestamptz[], :confirm_hashes::bytea[]
) AS n (
    bucket, id, customer_id, category, action, valid_from, valid_until, source, event_id, problem, address, shown_text,
    text_version, proof, confirm_until, confirm_hash
);

-- name: append_once
-- import_consents: a line that was imported before adds nothing; consents_count_once, primary key of customers.
INSERT INTO consents (
    bucket, id, project_id, customer_id, category, action, valid_from, valid_until, source, address, shown_text,
    text_version, proof, confirm_until, confirm_hash, sameness, created_at
)
SELECT n.bucket, n.id, :project_id, n.customer_id, n.category, n.action, n.valid_from, n.valid_until, n.source, (
    SELECT ltrim(c.phone, '+') FROM customers c WHERE c.bucket = n.bucket AND c.id = n.customer_id
), n.shown_text, n.text_version, n.proof, n.confirm_until, n.confirm_hash, n.sameness, :now
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :customer_ids::uuid[], :categories::text[], :actions::text[],
    :valid_froms::timestamptz[], :valid_untils::timestamptz[], :sources::text[], :shown_texts::text[],
    :text_versions::text[], :proofs::jsonb[], :confirm_untils::timestamptz[], :confirm_hashes::bytea[],
    :samenesses::text[]
) AS n (
    bucket, id, customer_id, category, action, valid_from, valid_until, source, shown_text, text_version, proof,
    confirm_until, confirm_hash, sameness
)
ON CONFLICT (bucket, customer_id, sameness) WHERE sameness IS NOT NULL DO NOTHING
RETURNING id;

-- name: consents_of
-- customer_data.attributes, the policy, scenarios: what these customers said, all of it; consents_of_customer.
SELECT c.customer_id, c.category, c.action, c.valid_from, c.valid_until, c.source, c.problem, c.event_id,
    c.confirm_until
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
JOIN consents c ON c.bucket = n.bucket AND c.customer_id = n.id
ORDER BY c.valid_from, c.created_at;

-- name: question^
-- confirm_consents: what a link is about; consents_to_confirm.
SELECT project_id, customer_id, category, action, valid_from, valid_until, source, problem, event_id, confirm_until,
    shown_text
FROM consents
WHERE id = :id AND confirm_hash = :hash;

-- name: ledger_of_customer
-- consent_ledger: one customer's entries, the newest first; consents_of_customer.
SELECT id, customer_id, category, action, valid_from, valid_until, source, problem, event_id, address, shown_text,
    text_version, proof, confirm_until, created_at
FROM consents
WHERE bucket = :bucket AND customer_id = :customer_id AND project_id = :project_id
    AND (:category::text IS NULL OR category = :category) AND (:before::uuid IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :size;

-- name: ledger_of_project
-- consent_ledger: everybody's, page by page; consents_of_project.
SELECT id, customer_id, category, action, valid_from, valid_until, source, problem, event_id, address, shown_text,
    text_version, proof, confirm_until, created_at
FROM consents
WHERE project_id = :project_id
    AND (:category::text IS NULL OR category = :category) AND (:before::uuid IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :size;

-- name: ledger_problems
-- consent_ledger: what could not be understood, or will not do what it seems meant for; consents_with_problems.
SELECT id, customer_id, category, action, valid_from, valid_until, source, problem, event_id, address, shown_text,
    text_version, proof, confirm_until, created_at
FROM consents
WHERE project_id = :project_id AND problem IS NOT NULL AND (:before::uuid IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :size;

-- name: categories
-- consent_categories, track (may this source write?); primary key of definitions.
SELECT body FROM definitions WHERE project_id = :project_id AND kind = 'consent_category' ORDER BY name;

-- name: insert_category!
-- create_project; primary key of definitions.
INSERT INTO definitions (project_id, kind, name, version, body, updated_at)
VALUES (:project_id, 'consent_category', :name, 1, :body, :now);

-- name: insert_category_version!
-- create_project; primary key of definition_versions.
INSERT INTO definition_versions (project_id, kind, name, version, body, created_at)
VALUES (:project_id, 'consent_category', :name, 1, :body, :now);
