-- What waits for a template is judged anew by workers, too; and however much waits, each of them takes the next piece in the
-- order of an index, instead of sorting all of it.

-- Only what the policy has put off is in it: a message that leaves when it is planned costs nothing here.
CREATE INDEX messages_put_off ON messages (project_id, outcome_code, id) WHERE state = 'planned';

ALTER TABLE reevaluations
    -- Why they wait. A row for each reason.
    ADD COLUMN code text,
    -- As its definition is called: cart_reminder.en. NULL: of all templates, and what is none.
    ADD COLUMN template text,
    -- The last message that waited when nobody judged by the old definitions any more: whatever comes later is judged by the
    -- new ones. NULL: nobody has made sure of that yet.
    ADD COLUMN last uuid,
    -- All up to this one have been looked at, ...
    ADD COLUMN reached uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    -- ... and these somebody else had locked.
    ADD COLUMN passed_over uuid[] NOT NULL DEFAULT '{}';
INSERT INTO reevaluations (project_id, sender, codes, code, look_at)
SELECT project_id, sender, codes, unnest(codes), look_at FROM reevaluations;
DELETE FROM reevaluations WHERE code IS NULL;
ALTER TABLE reevaluations ALTER COLUMN code SET NOT NULL, DROP COLUMN codes, DROP COLUMN judged_until;
