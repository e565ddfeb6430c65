"""The simulator's own API under `/_sim/`: phones, knobs, journal."""
