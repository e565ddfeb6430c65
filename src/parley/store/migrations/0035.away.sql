-- Of a sender whose provider is away one message at a time asks whether it is back, over all processes.
ALTER TABLE holds
    -- Since when nothing is heard; NULL: it only asked to slow down.
    ADD COLUMN away_since timestamptz,
    -- Some time after the hold: a sender that nobody has sent by since then is tried as any other.
    ADD COLUMN away_until timestamptz,
    -- A call is under way that asks, and must have an outcome by then.
    ADD COLUMN asking_until timestamptz;
