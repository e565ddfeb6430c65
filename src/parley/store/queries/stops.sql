-- name: stops_of_project
-- services.facts: which senders, and which of their templates, must not be used; primary key.
SELECT sender, template, code, sentence FROM stops WHERE project_id = :project_id AND released_at IS NULL;

-- name: put_stop$
-- services.stopping: said of what happened at a time; a release since then has dealt with it. Primary key.
INSERT INTO stops (project_id, sender, template, code, sentence, stopped_at)
VALUES (:project_id, :sender, :template, :code, :sentence, :now)
ON CONFLICT (project_id, sender, template) DO UPDATE
SET code = excluded.code, sentence = excluded.sentence, stopped_at = excluded.stopped_at, released_at = NULL
WHERE stops.released_at < :happened_at
RETURNING true;

-- name: release_sender!
-- services.stopping: a person has looked; primary key.
UPDATE stops SET released_at = :now
WHERE project_id = :project_id AND sender = :sender AND template = '' AND released_at IS NULL;

-- name: release_template!
-- services.stopping: a person has looked, or the definition says something new: for every sender; primary key.
UPDATE stops SET released_at = :now WHERE project_id = :project_id AND template = :template AND released_at IS NULL;
