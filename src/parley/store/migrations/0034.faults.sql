-- How many passing faults a message has met: those alone are limited, not how often it waited.
ALTER TABLE messages ADD COLUMN faults smallint NOT NULL DEFAULT 0;
