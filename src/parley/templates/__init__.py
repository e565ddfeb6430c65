"""WhatsApp message templates: parse them, count their variables, check values, show what the customer will read."""

from parley.templates.rule_sets import RuleSet
from parley.templates.template import Button, MessageTemplate, Status, parse_template
from parley.templates.values import check_parameters, hydrate

__all__ = ["Button", "MessageTemplate", "RuleSet", "Status", "check_parameters", "hydrate", "parse_template"]
