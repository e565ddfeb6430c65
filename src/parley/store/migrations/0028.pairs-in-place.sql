-- A pair is written with every message to it. An index on its time made each of these writes a new entry in both indexes.
-- Without it the row is written in its place (fillfactor 70), and the sweep reads the table, which holds some seconds'
-- worth of messages.
DROP INDEX pairs_past;
