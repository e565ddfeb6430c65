"""Is it a language that WhatsApp has templates in?"""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import LANGUAGES as SOURCE
from parley.templates.template import MessageTemplate

LANGUAGES = frozenset({
    "af", "sq", "ar", "ar_EG", "ar_AE", "ar_LB", "ar_MA", "ar_QA", "az", "be_BY", "bn", "bn_IN", "bg", "ca",
    "zh_CN", "zh_HK", "zh_TW", "hr", "cs", "da", "prs_AF", "nl", "nl_BE", "en", "en_GB", "en_US", "en_AE", "en_AU",
    "en_CA", "en_GH", "en_IE", "en_IN", "en_JM", "en_MY", "en_NZ", "en_QA", "en_SG", "en_UG", "en_ZA", "et", "fil",
    "fi", "fr", "fr_BE", "fr_CA", "fr_CH", "fr_CI", "fr_MA", "ka", "de", "de_AT", "de_CH", "el", "gu", "ha", "he",
    "hi", "hu", "id", "ga", "it", "ja", "kn", "kk", "rw_RW", "ko", "ky_KG", "lo", "lv", "lt", "mk", "ms", "ml",
    "mr", "nb", "ps_AF", "fa", "pl", "pt_BR", "pt_PT", "pa", "ro", "ru", "sr", "si_LK", "sk", "sl", "es", "es_AR",
    "es_CL", "es_CO", "es_CR", "es_DO", "es_EC", "es_HN", "es_MX", "es_PA", "es_PE", "es_ES", "es_UY", "sw", "sv",
    "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zu",
})  # fmt: skip
INSTEAD = {
    "no": "Norwegian is nb.",
    "tl": "Filipino is fil.",
    "in": "Indonesian is id.",
    "pt": "Portuguese is pt_BR or pt_PT; there is no bare pt.",
    "zh": "Chinese is zh_CN, zh_HK or zh_TW.",
}


def check(template: MessageTemplate) -> Iterator[Fault]:
    """One template is one name in one language, spelled as WhatsApp spells it."""
    if template.language not in LANGUAGES:
        remedy = INSTEAD.get(template.language, "Use one of WhatsApp's codes: en, en_US, sk, pt_BR and so on.")
        yield Fault("language", f"WhatsApp has no templates in {template.language}.", remedy)


RULE = LintRule(Severity.ERROR, SOURCE, check)
