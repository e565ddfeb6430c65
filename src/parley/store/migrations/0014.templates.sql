-- The registry of message templates: where each stands, how it was judged, and everything that ever happened to it.
-- What it says is its definition's (kind template), whose versions are kept there.

CREATE TABLE templates (
    project_id uuid NOT NULL REFERENCES projects,
    -- As its definition is called: cart_reminder.en.
    name       text NOT NULL,
    -- Of its definition.
    version    integer NOT NULL,
    status     text NOT NULL,
    status_at  timestamptz NOT NULL,
    -- Why it was rejected, paused or set by hand.
    status_reason text,
    quality    text NOT NULL DEFAULT 'unknown',
    -- What WhatsApp files it as; may be another than was asked for.
    provider_category text,
    provider_id text,
    -- The integration by whose account its status is known; empty where a person says it.
    sender     text,
    -- What is wrong between us and the provider's copy: refused at hand-in, or another text under this name.
    problem    text,
    -- What the linter and the promotional check said of this version. Empty: nobody has asked yet.
    judgement  jsonb,
    override_reason text,
    override_by     text,
    -- When a worker hands it in, or tries again; empty when nobody asked for it.
    hand_in_at timestamptz,
    hand_in_by text,
    hand_in_failures integer NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, name)
);

CREATE INDEX templates_to_hand_in ON templates (hand_in_at) WHERE hand_in_at IS NOT NULL;

CREATE TABLE template_history (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    name       text NOT NULL,
    version    integer NOT NULL,
    at         timestamptz NOT NULL,
    -- applied, deleted, status, quality, category, override, handed_in, refused.
    what       text NOT NULL,
    before     text,
    after      text,
    -- file, person, provider, or parley itself.
    origin     text NOT NULL,
    -- Which person, which account.
    said_by    text,
    reason     text
);

CREATE INDEX template_history_of_template ON template_history (project_id, name, id);

-- When an account's templates are looked at next at the provider.
CREATE TABLE template_looks (
    project_id uuid NOT NULL REFERENCES projects,
    -- The integration.
    sender     text NOT NULL,
    look_at    timestamptz NOT NULL,
    looked_at  timestamptz,
    failures   integer NOT NULL DEFAULT 0,
    problem    text,
    PRIMARY KEY (project_id, sender)
);

CREATE INDEX template_looks_due ON template_looks (look_at);

-- What was applied before there was a registry: its file said where it stands.
INSERT INTO templates (project_id, name, version, status, status_at)
SELECT project_id, name, version, coalesce(convert_from(body, 'UTF8')::json ->> 'status', 'draft'), updated_at
FROM definitions WHERE kind = 'template';

INSERT INTO template_history (project_id, name, version, at, what, after, origin)
SELECT project_id, name, version, status_at, 'applied', status, 'file' FROM templates ORDER BY status_at;

INSERT INTO template_looks (project_id, sender, look_at)
SELECT project_id, name, updated_at FROM definitions
WHERE kind = 'integration' AND convert_from(body, 'UTF8')::json ->> 'api' = 'sinch_conversation';
