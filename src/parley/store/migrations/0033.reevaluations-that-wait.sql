-- What is to be judged anew waits for nobody but those who judge when a worker first looks: whoever begins later reads the
-- new definitions.
ALTER TABLE reevaluations
    -- When it was asked for.
    ADD COLUMN asked_at timestamptz,
    -- The transactions that judged when a worker first looked, and still did when one last looked. NULL: none has looked yet.
    ADD COLUMN judging text[];
UPDATE reevaluations SET asked_at = look_at;
ALTER TABLE reevaluations ALTER COLUMN asked_at SET NOT NULL;
