-- What each account has at the provider, as it was seen last: also templates that the project has no file of.
CREATE TABLE provider_templates (
    project_id uuid NOT NULL REFERENCES projects,
    -- The integration.
    sender     text NOT NULL,
    -- As its definition would be called: cart_reminder.en.
    name       text NOT NULL,
    -- Empty: the provider says a word that nobody knows, or has only a draft.
    status     text,
    category   text,
    quality    text NOT NULL,
    reason     text,
    -- Its parts, as the provider's JSON.
    details    bytea NOT NULL,
    -- Since when it stands so.
    seen_at    timestamptz NOT NULL,
    PRIMARY KEY (project_id, sender, name)
);

CREATE INDEX provider_templates_by_name ON provider_templates (project_id, name);
