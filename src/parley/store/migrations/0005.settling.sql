-- A stop can be a sender's or one of its templates'; and what settles, forgets and erases finds its rows by age.

-- What must not be used until a person has looked. `template` is empty when nothing at all leaves by the sender; else
-- it is the definition's name: cart_reminder.en.
ALTER TABLE stopped_senders RENAME TO stops;
ALTER TABLE stops ADD COLUMN template text NOT NULL DEFAULT '';
-- Kept after a release: a report of what happened before it must not stop anything again.
ALTER TABLE stops ADD COLUMN released_at timestamptz;
ALTER TABLE stops DROP CONSTRAINT stopped_senders_pkey;
ALTER TABLE stops ADD PRIMARY KEY (project_id, sender, template);

-- Which template a message is, as `stops` names it; empty when it is none. The same as services/facts.py says.
CREATE FUNCTION template_of(kind text, content jsonb) RETURNS text LANGUAGE sql IMMUTABLE RETURN
    CASE WHEN kind = 'template' THEN coalesce(
        (content #>> '{parameters,template_name}') || '.' || coalesce(
            nullif(content #>> '{parameters,language}', ''), nullif(content #>> '{parameters,language_code}', ''), 'en'
        ), ''
    ) ELSE '' END;

CREATE INDEX messages_uncertain_of_project ON messages (project_id, changed_at) WHERE state = 'uncertain';

-- Each project says how long it keeps them.
CREATE INDEX callbacks_by_age ON callbacks (project_id, received_at);
DROP INDEX early_reports_by_age;
CREATE INDEX early_reports_by_age ON early_reports (project_id, received_at);

-- The numbers of erased customers, until they are taken out of raw callbacks and early reports: no customer's id leads
-- there, so they are read through, a piece at a time.
CREATE TABLE erasures (
    id         uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    numbers    text[] NOT NULL,
    erased_at  timestamptz NOT NULL,
    -- Callbacks that were received until then are done.
    done_until timestamptz NOT NULL
);
