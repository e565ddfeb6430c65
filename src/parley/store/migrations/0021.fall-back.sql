-- Free texts that WhatsApp found outside the window, whose template is to be planned in their place: services.fall_back.
CREATE INDEX messages_to_fall_back ON messages (changed_at)
    WHERE state = 'failed' AND outcome_code = 'window_closed' AND content #>> '{other,kind}' = 'template'
        AND NOT content ? 'followed_by';
