-- The first rooms: projects and their definitions, customers and their events, messages and what came back.
--
-- A hot table carries (project_id, customer_id) and a bucket (0-63, written into the customer's id), and every
-- primary and unique key of it includes the bucket: docs/house.md, decision 4.

CREATE TABLE projects (
    id         uuid PRIMARY KEY,
    token      text NOT NULL UNIQUE,
    name       text NOT NULL,
    settings   jsonb NOT NULL DEFAULT '{}',
    -- Moves with every change of a definition, so that caches know.
    definitions_stamp bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);

CREATE TABLE api_keys (
    key_id      text PRIMARY KEY,
    project_id  uuid NOT NULL REFERENCES projects,
    visibility  text NOT NULL CHECK (visibility IN ('private', 'public')),
    role        text NOT NULL,
    -- SHA-256 of a random 256-bit secret: nothing to guess, so no slow hash. A public key has none.
    secret_hash bytea CHECK ((visibility = 'private') = (secret_hash IS NOT NULL)),
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);

CREATE INDEX api_keys_of_project ON api_keys (project_id);

-- Presets, integrations, templates, scenarios, consent categories: what `parley apply` puts in, as it was written.
CREATE TABLE definitions (
    project_id     uuid NOT NULL REFERENCES projects,
    kind           text NOT NULL,
    name           text NOT NULL,
    version        integer NOT NULL,
    body           bytea NOT NULL,
    callback_token text UNIQUE,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (project_id, kind, name)
);

CREATE TABLE definition_versions (
    project_id uuid NOT NULL,
    kind       text NOT NULL,
    name       text NOT NULL,
    version    integer NOT NULL,
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, kind, name, version)
);

-- Encrypted at rest (house decision 8). `reference` is what a definition holds in place of the secret.
CREATE TABLE secrets (
    project_id uuid NOT NULL REFERENCES projects,
    reference  text NOT NULL,
    ciphertext bytea NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, reference)
);

-- A sender that must not be used until a person has looked: credentials, billing, configuration.
CREATE TABLE stopped_senders (
    project_id uuid NOT NULL REFERENCES projects,
    sender     text NOT NULL,
    code       text NOT NULL,
    sentence   text NOT NULL,
    stopped_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, sender)
);

CREATE TABLE customers (
    bucket         smallint NOT NULL,
    id             uuid NOT NULL,
    project_id     uuid NOT NULL,
    properties     jsonb NOT NULL DEFAULT '{}',
    -- When each property was last set (seconds since 1970), for `update_timestamp`.
    property_times jsonb NOT NULL DEFAULT '{}',
    -- The attribute `phone` as E.164, or why it cannot be used. The original stays in `properties`.
    phone          text,
    phone_problem  text,
    -- Goes up when an address is taken away from this customer: whoever looked it up before must look again.
    addresses_lost integer NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (bucket, id)
);

CREATE INDEX customers_of_project ON customers (project_id, id);

-- Where a merged customer went. Its rows moved along: they kept their ids and took the bucket of `into_id`.
CREATE TABLE merged_customers (
    bucket     smallint NOT NULL,
    id         uuid NOT NULL,
    project_id uuid NOT NULL,
    into_id    uuid NOT NULL,
    merged_at  timestamptz NOT NULL,
    PRIMARY KEY (bucket, id)
);

-- How a person is found. Its bucket is the hash of the value; the customer's own is in the customer's id.
--   hard, soft : external ids; a value belongs to one customer of the project
--   phone      : the match key of a phone number (parley.domain.phone); several customers may share one
--   whatsapp   : the provider's own name of a WhatsApp user (wa_id, or a business-scoped user id)
CREATE TABLE addresses (
    bucket       smallint NOT NULL,
    project_id   uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('hard', 'soft', 'phone', 'whatsapp')),
    name         text NOT NULL,
    value        text NOT NULL,
    customer_id  uuid NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (bucket, project_id, kind, name, value, customer_id)
);

CREATE UNIQUE INDEX addresses_identify_one ON addresses (bucket, project_id, kind, name, value)
    WHERE kind <> 'phone';
CREATE INDEX addresses_of_customer ON addresses (customer_id, kind);

CREATE TABLE events (
    bucket      smallint NOT NULL,
    id          uuid NOT NULL,
    project_id  uuid NOT NULL,
    customer_id uuid NOT NULL,
    type        text NOT NULL,
    occurred_at timestamptz NOT NULL,
    properties  jsonb NOT NULL,
    -- The client's own event id, or what makes this one the same as another: it then counts once.
    sameness    text,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (bucket, id)
);

CREATE INDEX events_of_customer ON events (bucket, customer_id, occurred_at);
CREATE UNIQUE INDEX events_count_once ON events (bucket, customer_id, sameness) WHERE sameness IS NOT NULL;

-- Append-only; the state of a consent is a fold over its rows (parley.policy).
CREATE TABLE consents (
    bucket      smallint NOT NULL,
    id          uuid NOT NULL,
    project_id  uuid NOT NULL,
    customer_id uuid NOT NULL,
    category    text NOT NULL,
    action      text NOT NULL CHECK (action IN ('accept', 'reject', 'invalid')),
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz,
    source      text NOT NULL,
    event_id    uuid,
    problem     text,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (bucket, id)
);

CREATE INDEX consents_of_customer ON consents (bucket, customer_id, category);

-- When a person last wrote to one of our accounts: free text may leave for 24 hours from then.
CREATE TABLE windows (
    bucket          smallint NOT NULL,
    project_id      uuid NOT NULL,
    customer_id     uuid NOT NULL,
    account         text NOT NULL,
    address         text NOT NULL,
    last_inbound_at timestamptz NOT NULL,
    inbound_id      text NOT NULL,
    PRIMARY KEY (bucket, customer_id, account, address)
);

-- The message row is the outbox (house decision 2).
CREATE TABLE messages (
    bucket              smallint NOT NULL,
    id                  uuid NOT NULL,
    project_id          uuid NOT NULL,
    customer_id         uuid NOT NULL,
    kind                text NOT NULL,
    state               text NOT NULL,
    integration         text,
    account             text,
    recipient           text,
    -- What will be sent: {"preset": ..., "parameters": {...}}, personalised, without secrets.
    content             jsonb NOT NULL,
    -- What asked for it: {"scenario", "node", "journey", "event", ...}; becomes the campaign event's properties.
    origin              jsonb NOT NULL,
    consent_category    text,
    priority            smallint NOT NULL,
    planned_at          timestamptz NOT NULL,
    due_at              timestamptz NOT NULL,
    expires_at          timestamptz,
    attempts            smallint NOT NULL DEFAULT 0,
    lease_until         timestamptz,
    provider_message_id text,
    -- The verdicts with their evidence: {"planned": {...}, "wire": {...}}.
    decision            jsonb NOT NULL,
    outcome_code        text,
    outcome_sentence    text,
    changed_at          timestamptz NOT NULL,
    PRIMARY KEY (bucket, id)
);

CREATE INDEX messages_due ON messages (priority, due_at) WHERE state IN ('planned', 'queued');
CREATE INDEX messages_in_flight ON messages (lease_until) WHERE state = 'sending';
CREATE INDEX messages_of_customer ON messages (bucket, customer_id, planned_at);
CREATE INDEX messages_at_provider ON messages (project_id, provider_message_id)
    WHERE provider_message_id IS NOT NULL;

-- A report that came before the send's own answer waits here for its message.
CREATE TABLE early_reports (
    bucket              smallint NOT NULL,
    project_id          uuid NOT NULL,
    provider_message_id text NOT NULL,
    state               text NOT NULL,
    report              jsonb NOT NULL,
    received_at         timestamptz NOT NULL,
    PRIMARY KEY (bucket, project_id, provider_message_id, state)
);

-- Every callback as it came, once: its key is the hash of its bytes.
CREATE TABLE callbacks (
    bucket      smallint NOT NULL,
    project_id  uuid NOT NULL,
    integration text NOT NULL,
    key         bytea NOT NULL,
    body        bytea NOT NULL,
    headers     jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    times_seen  integer NOT NULL DEFAULT 1,
    unknown     smallint NOT NULL DEFAULT 0,
    problem     text,
    PRIMARY KEY (bucket, project_id, integration, key)
);

CREATE INDEX callbacks_not_understood ON callbacks (project_id, received_at) WHERE unknown > 0 OR problem IS NOT NULL;

-- An inbound message counts once, however its callback was bundled. Its bucket is the hash of the provider's id.
CREATE TABLE inbound_messages (
    bucket              smallint NOT NULL,
    project_id          uuid NOT NULL,
    integration         text NOT NULL,
    provider_message_id text NOT NULL,
    customer_id         uuid NOT NULL,
    received_at         timestamptz NOT NULL,
    PRIMARY KEY (bucket, project_id, integration, provider_message_id)
);

-- One customer under way in one scenario. Waiting costs this row and nothing else (house decision 6).
CREATE TABLE journeys (
    bucket      smallint NOT NULL,
    id          uuid NOT NULL,
    project_id  uuid NOT NULL,
    customer_id uuid NOT NULL,
    scenario    text NOT NULL,
    state       jsonb NOT NULL,
    event_id    uuid NOT NULL,
    -- Null when ended.
    due_at      timestamptz,
    awaiting    text,
    -- The replies that came while it awaited one and that it has not looked at yet, in the order they came.
    signals     jsonb NOT NULL DEFAULT '[]',
    started_at  timestamptz NOT NULL,
    PRIMARY KEY (bucket, id)
);

CREATE INDEX journeys_due ON journeys (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX journeys_of_customer ON journeys (bucket, customer_id, started_at);
CREATE INDEX journeys_awaiting ON journeys (bucket, customer_id) WHERE awaiting IS NOT NULL;

-- What happened to a journey, step by step.
CREATE TABLE journey_steps (
    bucket     smallint NOT NULL,
    journey_id uuid NOT NULL,
    seq        integer NOT NULL,
    at         timestamptz NOT NULL,
    node       text NOT NULL,
    what       text NOT NULL,
    PRIMARY KEY (bucket, journey_id, seq)
);

CREATE TABLE catalogs (
    id         uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    name       text NOT NULL,
    fields     jsonb NOT NULL,
    is_product_catalog boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE catalog_items (
    catalog_id uuid NOT NULL REFERENCES catalogs ON DELETE CASCADE,
    item_id    text NOT NULL,
    properties jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (catalog_id, item_id)
);
