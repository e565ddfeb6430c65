-- Callbacks that are durable and answered, and that nothing has been made of yet: read in the order of their arrival.

CREATE TABLE callbacks_unread (
    arrived     bigint GENERATED ALWAYS AS IDENTITY,
    bucket      smallint NOT NULL,
    project_id  uuid NOT NULL,
    integration text NOT NULL,
    key         bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (arrived, bucket)
);
