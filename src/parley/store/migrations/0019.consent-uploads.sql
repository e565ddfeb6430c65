-- What was told to the provider about consents, number by number: `parley consent uploads`.
CREATE INDEX messages_of_consent ON messages (project_id, id) WHERE kind = 'consent';
