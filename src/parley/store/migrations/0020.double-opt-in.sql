-- A yes that must be confirmed: until when that counts, and the hash of what a link must bring.
ALTER TABLE consents ADD COLUMN confirm_until timestamptz;
ALTER TABLE consents ADD COLUMN confirm_hash bytea;

-- A link names the question by its id; a merge may have moved it into another bucket.
CREATE INDEX consents_to_confirm ON consents (id) WHERE confirm_hash IS NOT NULL;

CREATE OR REPLACE FUNCTION keep_consents() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (OLD.id, OLD.project_id, OLD.category, OLD.action, OLD.valid_from, OLD.valid_until, OLD.source,
            OLD.event_id, OLD.problem, OLD.created_at, OLD.shown_text, OLD.text_version, OLD.confirm_until)
        IS NOT DISTINCT FROM (NEW.id, NEW.project_id, NEW.category, NEW.action, NEW.valid_from, NEW.valid_until,
            NEW.source, NEW.event_id, NEW.problem, NEW.created_at, NEW.shown_text, NEW.text_version, NEW.confirm_until)
        AND (NEW.address IS NULL OR NEW.address = OLD.address)
        AND (NEW.proof = '{}' OR NEW.proof = OLD.proof)
        AND (NEW.sameness IS NULL OR NEW.sameness = OLD.sameness)
        AND (NEW.confirm_hash IS NULL OR NEW.confirm_hash = OLD.confirm_hash)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The ledger of consents is append-only: what was said is never changed. Add an entry instead.'
        USING ERRCODE = 'integrity_constraint_violation';
END
$guard$;
