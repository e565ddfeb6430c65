"""A campaign while everything breaks: `python -m chaos`, or `make chaos` (docs/how-to/break-it.md).

Real processes are killed with -9, the simulator misbehaves by order, and at the end its ledger and our rows must agree.
"""
