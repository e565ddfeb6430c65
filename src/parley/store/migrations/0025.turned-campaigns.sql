-- When a person last paused, resumed or cancelled a run: `parley doctor` tells since when it waits.
ALTER TABLE campaign_runs ADD COLUMN turned_at timestamptz;
