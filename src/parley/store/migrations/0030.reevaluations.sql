-- What waits for one of these reasons is to be judged anew, because what that rests on has changed. A row until workers have
-- made all of it due: who changes a definition keeps everybody who judges waiting, and has no time for it.
CREATE TABLE reevaluations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id uuid NOT NULL,
    -- NULL: of all senders.
    sender     text,
    -- Outcome codes of messages.
    codes      text[] NOT NULL,
    -- changed_at of the last message of these when a worker first looked: what is judged later is judged by the new
    -- definitions. NULL: nobody has looked yet.
    judged_until timestamptz,
    -- When it was asked for, or a worker last made some due: the one that has waited longest is next.
    look_at    timestamptz NOT NULL
);
