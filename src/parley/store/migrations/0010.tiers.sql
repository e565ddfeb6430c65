-- How many people an account, or a portfolio of accounts, has reached outside their windows within 24 hours. Counted by
-- slices of five minutes, so that the sum is over some hundred rows and not over every person. Logged, unlike permits
-- and pairs: after a crash the day would begin anew.

CREATE TABLE tier_recipients (
    -- The hash of the recipient's.
    bucket    smallint NOT NULL,
    -- What shares the count: sender:ACCOUNT or portfolio:NAME, as permits are called.
    tier      text NOT NULL,
    -- A digest: who it is says the message, and the count needs only to know somebody again.
    recipient uuid NOT NULL,
    -- Begin of the one in which the last message left that counts.
    slice     timestamptz NOT NULL,
    PRIMARY KEY (bucket, tier, recipient)
);

CREATE INDEX tier_recipients_past ON tier_recipients (slice);

CREATE TABLE tier_slices (
    tier       text NOT NULL,
    slice      timestamptz NOT NULL,
    -- How many people are counted in it.
    recipients integer NOT NULL,
    -- How many messages were told to come when its places are free again.
    expected   integer NOT NULL,
    PRIMARY KEY (tier, slice)
) WITH (fillfactor = 50);
