-- How fast each sender may send, over all processes. Both tables are unlogged: they cost no write to the disk, and after
-- a crash the buckets are full again, which is one burst.

CREATE UNLOGGED TABLE permits (
    -- What the limit is about: sender:ACCOUNT, requests:PROJECT, as the provider calls them.
    name       text PRIMARY KEY,
    per_second double precision NOT NULL,
    burst      double precision NOT NULL,
    -- Left over at `counted_at`, by the database's clock.
    permits    double precision NOT NULL,
    counted_at timestamptz NOT NULL,
    -- What whoever asked last got, and what it gave back unused.
    granted    integer NOT NULL,
    returned   integer NOT NULL
) WITH (fillfactor = 50);

-- The provider said that we are too fast: nothing leaves by this sender until then.
CREATE UNLOGGED TABLE holds (
    project_id uuid NOT NULL,
    sender     text NOT NULL,
    code       text NOT NULL,
    sentence   text NOT NULL,
    -- How often in a row.
    times      integer NOT NULL,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    PRIMARY KEY (project_id, sender)
);
