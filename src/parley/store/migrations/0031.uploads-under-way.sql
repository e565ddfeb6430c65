-- Whose opt-in or opt-out the provider has yet to take: asked before a template leaves, and nearly always empty.
CREATE INDEX messages_of_uploads_under_way ON messages (bucket, customer_id)
    WHERE kind = 'consent' AND state IN ('planned', 'queued', 'sending');
