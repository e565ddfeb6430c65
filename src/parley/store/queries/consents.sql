-- name: insert_consents!
-- record_events, for `consent` events; primary key.
INSERT INTO consents (
    bucket, id, project_id, customer_id, category, action, valid_from, valid_until, source, event_id, problem, created_at
)
SELECT n.bucket, n.id, :project_id, n.customer_id, n.category, n.action, n.valid_from, n.valid_until, n.source,
    n.event_id, n.problem, :now
FROM unnest(
    :buckets::smallint[], :ids::uuid[], :customer_ids::uuid[], :categories::text[], :actions::text[],
    :valid_froms::timestamptz[], :valid_untils::timestamptz[], :sources::text[], :event_ids::uuid[], :problems::text[]
) AS n (bucket, id, customer_id, category, action, valid_from, valid_until, source, event_id, problem);

-- name: consents_of
-- customer_data.attributes, the policy, scenarios: what these customers said, all of it; consents_of_customer.
SELECT c.customer_id, c.category, c.action, c.valid_from, c.valid_until, c.source, c.problem, c.event_id
FROM unnest(:buckets::smallint[], :ids::uuid[]) AS n (bucket, id)
JOIN consents c ON c.bucket = n.bucket AND c.customer_id = n.id
ORDER BY c.valid_from, c.created_at;

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
