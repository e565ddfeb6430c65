-- What messages cost: a ledger that only grows, and its sums.

-- What the message is expected to cost, and how much of that is set aside: parley.costs.quote. Null: it costs nothing
-- at WhatsApp (a webhook, a consent).
ALTER TABLE messages ADD COLUMN quote jsonb;

-- Every change of what is reserved or spent. A message keeps the bucket of its id here, also when a merge moves it.
CREATE TABLE cost_entries (
    bucket     smallint NOT NULL,
    message_id uuid NOT NULL,
    at         timestamptz NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('reserve', 'release', 'settle', 'fee', 'correct')),
    project_id uuid NOT NULL,
    -- Whose budget it counts to: in the time zone of the WhatsApp account.
    day        date NOT NULL,
    -- The scenario or campaign that asked for the message.
    origin     text NOT NULL,
    market     text NOT NULL,
    category   text NOT NULL,
    currency   text NOT NULL,
    reserved   numeric NOT NULL,
    spent      numeric NOT NULL,
    -- How much dearer the template would have been that free text stood in for.
    saved      numeric NOT NULL,
    -- False: it cost something, and nobody knows how much.
    known      boolean NOT NULL,
    why        text NOT NULL,
    PRIMARY KEY (bucket, message_id, at, kind)
);

-- The rows of one transaction summed up, waiting to be added to `cost_totals`. Nobody waits for anybody here.
CREATE TABLE cost_changes (
    project_id uuid NOT NULL,
    day        date NOT NULL,
    origin     text NOT NULL,
    market     text NOT NULL,
    category   text NOT NULL,
    currency   text NOT NULL,
    reserved   numeric NOT NULL,
    spent      numeric NOT NULL,
    saved      numeric NOT NULL,
    -- Settled ones: all, those that cost nothing, those whose cost is not known.
    messages   bigint NOT NULL,
    free       bigint NOT NULL,
    unpriced   bigint NOT NULL
);

CREATE INDEX cost_changes_of_project ON cost_changes (project_id, currency, day);

CREATE TABLE cost_totals (
    project_id uuid NOT NULL,
    currency   text NOT NULL,
    day        date NOT NULL,
    origin     text NOT NULL,
    market     text NOT NULL,
    category   text NOT NULL,
    reserved   numeric NOT NULL,
    spent      numeric NOT NULL,
    saved      numeric NOT NULL,
    messages   bigint NOT NULL,
    free       bigint NOT NULL,
    unpriced   bigint NOT NULL,
    PRIMARY KEY (project_id, currency, day, origin, market, category)
) WITH (fillfactor = 70);

-- What a price depends on: service messages of a business number, charged messages of a market and category in a month.
CREATE TABLE cost_counters (
    owner   text NOT NULL,
    name    text NOT NULL,
    month   date NOT NULL,
    counted bigint NOT NULL,
    PRIMARY KEY (owner, name, month)
) WITH (fillfactor = 50);

-- Told once for each budget, period and level.
CREATE TABLE budget_warnings (
    project_id uuid NOT NULL REFERENCES projects,
    budget     text NOT NULL,
    period     date NOT NULL,
    level      text NOT NULL CHECK (level IN ('warned', 'over')),
    sentence   text NOT NULL,
    warned_at  timestamptz NOT NULL,
    -- The first day on which it begins anew; null: never.
    until      timestamptz,
    PRIMARY KEY (project_id, budget, period, level)
);

-- What is written in the ledger stands; a mistake is corrected by another entry.
CREATE FUNCTION cost_entries_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of the ledger are never changed: append a correction (parley cost correct)';
END $$;

CREATE TRIGGER cost_entries_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON cost_entries
    FOR EACH STATEMENT EXECUTE FUNCTION cost_entries_stand();

-- By a tapped advertisement (whatsapp.md 2.1): the customer came in then, and messages are free until then.
ALTER TABLE windows ADD COLUMN came_by_ad_at timestamptz;
ALTER TABLE windows ADD COLUMN free_until timestamptz;
