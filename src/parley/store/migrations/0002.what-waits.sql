-- For `parley doctor`: what waits for somebody must be found without reading all that does not.

CREATE INDEX messages_uncertain ON messages (changed_at) WHERE state = 'uncertain';
CREATE INDEX early_reports_by_age ON early_reports (received_at);

-- When the journey first broke its work; null again as soon as it moves.
ALTER TABLE journeys ADD COLUMN parked_at timestamptz;
CREATE INDEX journeys_parked ON journeys (parked_at) WHERE parked_at IS NOT NULL;
