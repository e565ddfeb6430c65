-- When a message left, for the last time: how often somebody was written to counts from then, not from when it was
-- planned. Messages from before have none; for them it is when they were planned.

ALTER TABLE messages ADD COLUMN left_at timestamptz;
