"""Floor 2: the wire to Sinch. Reads its callbacks, speaks HTTP to it, explains its refusals."""
