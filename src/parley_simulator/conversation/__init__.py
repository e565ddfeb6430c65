"""Sinch's Conversation API with its WHATSAPP channel (sinch.md section 2)."""
