-- One index finds a customer's events by their time and tells which of them are the same: two cost every event two pages
-- at random places. What is the same by its content ('is:', parley.domain.event) has the same time, for that is a part of
-- it; an id ('id:') counts once whatever the time. Few tracked events have one; ours of messages all do, and keep both.
CREATE UNIQUE INDEX events_of_customer_once ON events (bucket, customer_id, occurred_at, sameness);
CREATE UNIQUE INDEX events_count_once_by_id ON events (bucket, customer_id, sameness) WHERE sameness LIKE 'id:%';
DROP INDEX events_of_customer;
DROP INDEX events_count_once;
ALTER INDEX events_of_customer_once RENAME TO events_of_customer;
ALTER INDEX events_count_once_by_id RENAME TO events_count_once;
