-- Who tracks events of known customers holds no rows of customers, but the gates that they share with others, 64 in each
-- bucket; who merges customers or erases them closes their gates (docs/adr/0013). So few rows stay in memory, however many
-- customers there are: a lock on each customer read and wrote a page for each event.
CREATE TABLE customer_gates (
    bucket       smallint NOT NULL,
    -- The last six bits of the byte before the last one of the customer's id, which holds the bucket.
    part         smallint NOT NULL,
    times_closed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, part)
) WITH (fillfactor = 50);
INSERT INTO customer_gates (bucket, part) SELECT bucket, part FROM generate_series(0, 63) bucket, generate_series(0, 63) part;
