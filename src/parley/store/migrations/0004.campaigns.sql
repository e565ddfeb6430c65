-- Campaigns: one message to everybody in an audience, planned chunk by chunk by any number of workers.

-- One launch of a campaign. It follows the version that was in force then, whatever is applied later.
CREATE TABLE campaign_runs (
    id          uuid PRIMARY KEY,
    project_id  uuid NOT NULL REFERENCES projects,
    campaign    text NOT NULL,
    version     integer NOT NULL,
    state       text NOT NULL CHECK (state IN ('planning', 'sending', 'paused', 'cancelling', 'ended', 'cancelled')),
    launched_by text NOT NULL,
    launched_at timestamptz NOT NULL,
    starts_at   timestamptz NOT NULL,
    -- Some of its messages are held back: a pause put them aside.
    holds       boolean NOT NULL DEFAULT false,
    ended_at    timestamptz
);

CREATE UNIQUE INDEX campaign_runs_under_way ON campaign_runs (project_id, campaign) WHERE ended_at IS NULL;
CREATE INDEX campaign_runs_of_project ON campaign_runs (project_id, launched_at);

-- How far a run has come with the customers of one bucket. Workers take one each, move on a chunk and give it back.
CREATE TABLE campaign_shares (
    bucket    smallint NOT NULL,
    run_id    uuid NOT NULL REFERENCES campaign_runs,
    -- How many there were at the launch: for the progress only.
    customers bigint NOT NULL,
    -- The last that was looked at.
    after_id  uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    looked_at bigint NOT NULL DEFAULT 0,
    matched   bigint NOT NULL DEFAULT 0,
    broken    bigint NOT NULL DEFAULT 0,
    done      boolean NOT NULL DEFAULT false,
    moved_at  timestamptz NOT NULL,
    PRIMARY KEY (run_id, bucket)
);

CREATE INDEX campaign_shares_open ON campaign_shares (moved_at) WHERE NOT done;

CREATE INDEX customers_in_bucket ON customers (project_id, bucket, id);

ALTER TABLE messages ADD COLUMN run_id uuid;
-- Counts a run's messages by state, and finds those that wait, held back or not.
CREATE INDEX messages_of_run ON messages (run_id, state, due_at) WHERE run_id IS NOT NULL;
