"""Whose rules these are, and when they were read."""

COMPONENTS = 'Meta, "Template components", November 2025, read again September 2026'
REVIEW = 'Meta, "Template review" and the list of errors, December 2025'
CATEGORIES = 'Meta, "Template categorization", 14 November 2025'
LANGUAGES = 'Meta, "Supported languages", 4 November 2025'
SEED_PAGE = "The page that Parley implements, and Meta until 15 September 2021"
PROVIDERS = "Providers' notes on rejected templates, 2025; WhatsApp publishes no number"
PROVISIONING = "Sinch, Provisioning API 1.2.117, November 2026"
OWN = "Parley's own threshold"
