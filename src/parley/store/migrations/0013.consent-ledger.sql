-- The ledger of consents says who agreed to what, how that is known, and is never rewritten. Beside it: addresses that
-- nothing is sent to, what was answered to a keyword, and the lines of a file that is being imported.

-- How a customer came to say it. The address as it was then; the text that was shown, and which version of it.
ALTER TABLE consents ADD COLUMN address text;
ALTER TABLE consents ADD COLUMN shown_text text;
ALTER TABLE consents ADD COLUMN text_version text;
-- Form URL, IP, user agent, document id and whatever else shows it: parley.domain.consent.Evidence.
ALTER TABLE consents ADD COLUMN proof jsonb NOT NULL DEFAULT '{}';
-- What makes an imported line the same as another: it then counts once.
ALTER TABLE consents ADD COLUMN sameness text;
ALTER TABLE consents DROP CONSTRAINT consents_action_check;
ALTER TABLE consents ADD CHECK (action IN ('accept', 'reject', 'invalid', 'asked'));

CREATE UNIQUE INDEX consents_count_once ON consents (bucket, customer_id, sameness) WHERE sameness IS NOT NULL;
CREATE INDEX consents_of_project ON consents (project_id, id);
CREATE INDEX consents_with_problems ON consents (project_id, id) WHERE problem IS NOT NULL;

-- Append-only. A merge may give an entry to another customer, an erasure may take out whom it is about: no more.
CREATE FUNCTION keep_consents() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (OLD.id, OLD.project_id, OLD.category, OLD.action, OLD.valid_from, OLD.valid_until, OLD.source,
            OLD.event_id, OLD.problem, OLD.created_at, OLD.shown_text, OLD.text_version)
        IS NOT DISTINCT FROM (NEW.id, NEW.project_id, NEW.category, NEW.action, NEW.valid_from, NEW.valid_until,
            NEW.source, NEW.event_id, NEW.problem, NEW.created_at, NEW.shown_text, NEW.text_version)
        AND (NEW.address IS NULL OR NEW.address = OLD.address)
        AND (NEW.proof = '{}' OR NEW.proof = OLD.proof)
        AND (NEW.sameness IS NULL OR NEW.sameness = OLD.sameness)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The ledger of consents is append-only: what was said is never changed. Add an entry instead.'
        USING ERRCODE = 'integrity_constraint_violation';
END
$guard$;

CREATE TRIGGER consents_are_kept BEFORE UPDATE OR DELETE ON consents FOR EACH ROW EXECUTE FUNCTION keep_consents();
CREATE TRIGGER consents_are_not_truncated BEFORE TRUNCATE ON consents EXECUTE FUNCTION keep_consents();

-- Addresses that nothing is sent to (scope all), or nothing that promotes (scope marketing). Found by a hash of the
-- project and the address, so that a row outlives the erasure of its customer. Its bucket is the hash's.
CREATE TABLE suppressions (
    bucket     smallint NOT NULL,
    project_id uuid NOT NULL,
    hash       bytea NOT NULL,
    -- stop: the person said so to us. provider: to WhatsApp or to the provider. operator: a person of the shop.
    reason     text NOT NULL CHECK (reason IN ('stop', 'provider', 'operator')),
    scope      text NOT NULL CHECK (scope IN ('all', 'marketing')),
    -- Digits, or a WhatsApp user id; null once the customer is erased.
    address    text,
    note       text,
    by_whom    text NOT NULL,
    since      timestamptz NOT NULL,
    PRIMARY KEY (bucket, project_id, hash, reason, scope)
);

CREATE INDEX suppressions_of_project ON suppressions (project_id, hash);

-- Which keyword was answered last, so that nobody is told the same twice in a row.
CREATE TABLE keyword_answers (
    bucket      smallint NOT NULL,
    project_id  uuid NOT NULL,
    hash        bytea NOT NULL,
    keyword     text NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (bucket, project_id, hash)
);

-- A file of consents comes in here, and goes to the ledger as a whole.
CREATE TABLE consent_import_lines (
    import_id    uuid NOT NULL,
    line         integer NOT NULL,
    project_id   uuid NOT NULL,
    customer_id  uuid NOT NULL,
    -- Of the ledger's entry to be.
    id           uuid NOT NULL,
    category     text NOT NULL,
    action       text NOT NULL,
    valid_from   timestamptz NOT NULL,
    valid_until  timestamptz,
    address      text,
    shown_text   text,
    text_version text,
    proof        jsonb NOT NULL,
    sameness     text NOT NULL,
    staged_at    timestamptz NOT NULL,
    PRIMARY KEY (import_id, line)
);
