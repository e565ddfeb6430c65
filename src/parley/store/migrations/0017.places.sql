-- In which tier a message takes a place, so that one that reached nobody gives it back.
ALTER TABLE messages ADD COLUMN tier text;
CREATE INDEX messages_with_a_place_for_nothing ON messages (tier)
    WHERE tier IS NOT NULL AND state IN ('refused', 'failed', 'expired', 'cancelled')
        AND outcome_code IS DISTINCT FROM 'given_up';

-- How many messages to this person count: the place is free when the last of them has given it back.
ALTER TABLE tier_recipients ADD COLUMN messages integer NOT NULL DEFAULT 1;
