-- How much of its burst an account has used with one person. A row says nothing once its time is past, and is swept;
-- after a crash the burst is whole again.

CREATE UNLOGGED TABLE pairs (
    -- The hash of the recipient's.
    bucket     smallint NOT NULL,
    project_id uuid NOT NULL,
    account    text NOT NULL,
    recipient  text NOT NULL,
    -- Until then what was sent is paid for, at one message in six seconds.
    paid_until timestamptz NOT NULL,
    PRIMARY KEY (bucket, project_id, account, recipient)
) WITH (fillfactor = 70);

CREATE INDEX pairs_past ON pairs (paid_until);
