"""Whole walks through the house: real PostgreSQL, a provider that answers by a script, a clock that stands still."""
