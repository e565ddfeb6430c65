"""Parley: an open, self-hosted WhatsApp engagement server."""

__version__ = "0.1.0"
