"""How waiting work is done: loops that ask the database for what is due, and back-off. Knows no message, no journey."""
