-- What a message costs the database on its way out.

-- The decision at the wire, by itself and as text: nothing is read, parsed or put together to write it, and nobody reads
-- it but a person who asks why. `decision` keeps what was decided when the message was planned.
ALTER TABLE messages ADD COLUMN wire_decision json;

-- Both decisions together are some 2 kB. A row is compressed only when it is longer than that: doing it again for every
-- state was a fifth of what the database spent on a message.
ALTER TABLE messages SET (toast_tuple_target = 4080);
