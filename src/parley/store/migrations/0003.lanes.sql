-- A message waits in the lane of its sender, so that workers can take from each lane its share: docs/house.md,
-- decision 2. The first entry of a lane is its earliest, and one look per lane finds it, however many wait behind it.

CREATE INDEX messages_waiting ON messages (priority, project_id, (coalesce(integration, '')), due_at)
    WHERE state IN ('planned', 'queued');
DROP INDEX messages_due;
