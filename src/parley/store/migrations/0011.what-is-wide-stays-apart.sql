-- The decisions are most of a message's row, and written once; the row is written again for every state. With this they
-- go into the table's own store for long values (TOAST) as soon as a row is longer than 2 kB, compressed once, and every
-- later state copies a pointer. It takes the place of what 0011.the-way-out says: a decision has grown since.
ALTER TABLE messages SET (toast_tuple_target = 1024);
