"""Sinch's Provisioning API: message templates handed in, looked at, and told about (sinch.md 3)."""
