"""Sinch's WhatsApp API of 2019-2023: the one the three presets of the seed page speak."""
