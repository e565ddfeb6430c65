-- name: announce!
-- store.wakeups: tells listening workers at commit; no table.
SELECT pg_notify(:channel::text, '');
