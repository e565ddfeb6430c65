"""An integration: an account at a provider, and how what it tells us becomes events. Pure rules."""

from parley.integrations.definition import API_FIELDS, Integration, parse_integration
from parley.integrations.mapping import PAGE_MAPPING, event_properties

__all__ = ["API_FIELDS", "PAGE_MAPPING", "Integration", "event_properties", "parse_integration"]
