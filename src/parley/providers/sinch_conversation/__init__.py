"""Sinch's Conversation API, WhatsApp channel: the one that is alive today."""
