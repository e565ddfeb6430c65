-- name: catalogs_of
-- services.catalogs; unique key.
SELECT id, name, fields, is_product_catalog FROM catalogs WHERE project_id = :project_id ORDER BY name;

-- name: catalog^
-- services.catalogs: locked, so that its fields are those that items are checked against; primary key.
SELECT id, name, fields, is_product_catalog FROM catalogs
WHERE id = :id AND project_id = :project_id FOR SHARE;

-- name: insert_catalog$
-- services.catalogs: nothing when the name is taken; unique key.
INSERT INTO catalogs (id, project_id, name, fields, is_product_catalog, created_at)
VALUES (:id, :project_id, :name, :fields, :is_product_catalog, :now)
ON CONFLICT (project_id, name) DO NOTHING
RETURNING id;

-- name: update_catalog$
-- services.catalogs: nothing when another catalog has the name; primary key, unique key.
UPDATE catalogs SET name = :name, fields = :fields
WHERE id = :id AND NOT EXISTS (
    SELECT 1 FROM catalogs o WHERE o.project_id = catalogs.project_id AND o.name = :name AND o.id <> catalogs.id
)
RETURNING id;

-- name: delete_catalog!
-- services.catalogs: its items go along; primary key.
DELETE FROM catalogs WHERE id = :id;

-- name: items
-- services.catalogs: a page of the items that a search finds, and how many it finds; primary key (one catalog's items).
WITH whole AS MATERIALIZED (
    SELECT item_id, properties, updated_at, properties || jsonb_build_object('item_id', item_id) AS said
    FROM catalog_items WHERE catalog_id = :catalog_id
), found AS MATERIALIZED (
    SELECT * FROM whole
    WHERE NOT EXISTS (
        SELECT 1 FROM unnest(:names::text[], :values::text[]) AS f (name, value)
        WHERE said ->> f.name IS DISTINCT FROM f.value
    ) AND (:text::text IS NULL OR EXISTS (
        SELECT 1 FROM jsonb_each_text(said) AS p (name, value)
        WHERE (:field::text IS NULL OR p.name = :field) AND strpos(lower(p.value), lower(:text)) > 0
    ))
), placed AS (
    SELECT *, row_number() OVER (
        ORDER BY CASE WHEN NOT :descending THEN said -> :order END,
            CASE WHEN :descending THEN said -> :order END DESC NULLS LAST, item_id
    ) AS place
    FROM found
)
SELECT p.item_id, p.properties, p.updated_at, c.matched
FROM (SELECT count(*) AS matched FROM found) AS c
LEFT JOIN placed p ON p.place > :skip::bigint AND p.place <= :skip::bigint + :size::bigint
ORDER BY p.place;

-- name: count_items$
-- services.catalogs; primary key.
SELECT count(*) FROM catalog_items WHERE catalog_id = :catalog_id;

-- name: items_by_id
-- services.catalogs; primary key.
SELECT item_id, properties, updated_at FROM catalog_items
WHERE catalog_id = :catalog_id AND item_id = ANY(:item_ids::text[]);

-- name: put_items!
-- services.catalogs: each as a whole, sorted by the caller so that parallel calls do not deadlock; primary key.
INSERT INTO catalog_items (catalog_id, item_id, properties, updated_at)
SELECT :catalog_id, n.item_id, n.properties, :now
FROM unnest(:item_ids::text[], :properties::jsonb[]) AS n (item_id, properties)
ON CONFLICT (catalog_id, item_id) DO UPDATE SET properties = excluded.properties, updated_at = excluded.updated_at;

-- name: merge_items!
-- services.catalogs: other properties stay, sorted by the caller; primary key.
INSERT INTO catalog_items (catalog_id, item_id, properties, updated_at)
SELECT :catalog_id, n.item_id, n.properties, :now
FROM unnest(:item_ids::text[], :properties::jsonb[]) AS n (item_id, properties)
ON CONFLICT (catalog_id, item_id) DO UPDATE
SET properties = catalog_items.properties || excluded.properties, updated_at = excluded.updated_at;

-- name: delete_items
-- services.catalogs; primary key.
DELETE FROM catalog_items WHERE catalog_id = :catalog_id AND item_id = ANY(:item_ids::text[]) RETURNING item_id;

-- name: delete_all_items!
-- services.catalogs; primary key.
DELETE FROM catalog_items WHERE catalog_id = :catalog_id;
