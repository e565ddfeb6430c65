"""The closed list of reasons why a message did not arrive, and what each asks of us.

Everything a provider can say (its reason codes, its states, WhatsApp's own numbers: parley.providers.error_codes)
becomes one of these. The reader's page, docs/reference/provider-errors.md, is made from the same tables.
"""

import msgspec

from parley.domain.message import Remedy
from parley.providers.error_codes import LEGACY_STATES, SINCH_REASONS, SINCH_SUB_CODES, WHATSAPP_CODES


class SendError(msgspec.Struct, frozen=True):
    """One reason."""

    code: str
    """Ours and stable: lower case with underscores."""
    remedy: Remedy
    """What follows. `refuse_person` stands for "final for this message": others go on."""
    sentence: str
    """What happened and what to do, for the user. Ends in a full stop."""


_STOP, _TEMPLATE, _PERSON = Remedy.STOP_SENDER, Remedy.STOP_TEMPLATE, Remedy.REFUSE_PERSON
_RETRY, _WAIT, _ASK = Remedy.RETRY, Remedy.WAIT, Remedy.ASK

_LIST = (
    # the sender
    SendError(
        "unauthorized", _STOP, "The credentials were refused. Enter a valid key or token for this sender and resume it."
    ),
    SendError(
        "forbidden",
        _STOP,
        "The credentials may not do this. Give the key access to this app or number at the provider.",
    ),
    SendError(
        "account_blocked", _STOP, "WhatsApp has locked or restricted the business account. Appeal in Business Manager."
    ),
    SendError(
        "billing",
        _STOP,
        "There is a payment problem at the provider or at WhatsApp. Settle it, then resume the sender.",
    ),
    SendError(
        "sender_not_configured", _STOP, "The provider's app has no working WhatsApp channel. Check its configuration."
    ),
    SendError(
        "sender_not_registered",
        _STOP,
        "The sending number is not registered with WhatsApp. Register it at the provider.",
    ),
    SendError(
        "display_name_not_approved", _STOP, "WhatsApp has not approved the sender's display name. Wait or change it."
    ),
    SendError(
        "terms_not_accepted", _STOP, "Terms of WhatsApp or of its payments are not accepted. Accept them as the owner."
    ),
    SendError(
        "test_number_only",
        _STOP,
        "The sender is a test number and this recipient is not on its list. Use a real sender.",
    ),
    SendError(
        "spam_limited",
        _STOP,
        "WhatsApp holds the number back after complaints. Pause for some hours and check quality.",
    ),
    # speed
    SendError("rate_limited", _WAIT, "Too many messages at once. Parley slows down and goes on by itself."),
    SendError("pair_rate_limited", _WAIT, "Too many messages to this one person at once. The next ones have to wait."),
    SendError("maintenance", _WAIT, "WhatsApp is maintaining the number or the service. Try again in some minutes."),
    # the person
    SendError(
        "recipient_invalid", _PERSON, "The address is no WhatsApp address the provider accepts. Correct the number."
    ),
    SendError(
        "recipient_not_reachable",
        _PERSON,
        "The person cannot be reached on WhatsApp: no account, or an outdated app. Use another channel.",
    ),
    SendError("not_opted_in", _PERSON, "The provider has no opt-in of this person. Upload the consent, then send."),
    SendError("marketing_opted_out", _PERSON, "The person stopped marketing from this business. Do not try again."),
    SendError(
        "marketing_limit_reached",
        _PERSON,
        "WhatsApp delivers no more marketing to this person for now. Do not try again within 24 hours.",
    ),
    SendError(
        "in_marketing_experiment",
        _PERSON,
        "WhatsApp withholds marketing from this person in an experiment. Wait until the person writes first.",
    ),
    SendError(
        "country_restricted", _PERSON, "WhatsApp does not let this business write to that country. Leave it out."
    ),
    SendError(
        "identity_changed", _PERSON, "The person's WhatsApp identity may have changed. Confirm it is still them first."
    ),
    SendError(
        "window_closed",
        _PERSON,
        "More than 24 hours have passed since the person last wrote. Send an approved template instead.",
    ),
    # the template
    SendError("template_not_found", _TEMPLATE, "No approved template of that name. Create it or correct the name."),
    SendError(
        "template_language_missing",
        _TEMPLATE,
        "The template is not approved in that language or version. Choose one that is, or add the language.",
    ),
    SendError(
        "template_parameters_wrong",
        _PERSON,
        "The parameters do not fit the template in number or form. Compare them with its placeholders.",
    ),
    SendError("template_text_too_long", _PERSON, "With its parameters the template is too long. Shorten the values."),
    SendError(
        "template_against_policy", _TEMPLATE, "The template's characters or format break WhatsApp's policy. Rewrite it."
    ),
    SendError("template_paused", _TEMPLATE, "WhatsApp has paused the template for low quality. Wait or improve it."),
    SendError("template_disabled", _TEMPLATE, "WhatsApp has disabled the template for good. Make a new one."),
    SendError("template_syncing", _WAIT, "The template is still being copied at WhatsApp. Try again in ten minutes."),
    SendError(
        "template_wrong_endpoint",
        _TEMPLATE,
        "This kind of template goes through another API of WhatsApp. Use another template.",
    ),
    SendError("flow_blocked", _TEMPLATE, "WhatsApp has blocked the template's flow. Repair the flow."),
    SendError("flow_throttled", _WAIT, "WhatsApp limits the template's flow. Try again in an hour and check the flow."),
    # the content
    SendError("bad_request", _PERSON, "The provider found the message malformed. Compare its fields with the preset."),
    SendError("message_too_long", _PERSON, "The message is longer than WhatsApp allows. Shorten it."),
    SendError(
        "unsupported_message", _PERSON, "The recipient's WhatsApp cannot take this kind of message. Send another kind."
    ),
    SendError("media_type_unsupported", _PERSON, "WhatsApp does not take files of this type. Convert the file."),
    SendError("media_too_large", _PERSON, "The file is larger than WhatsApp allows. Make it smaller."),
    SendError(
        "media_not_reachable", _PERSON, "The file could not be fetched. Put it at a public address without login."
    ),
    SendError("media_rejected", _PERSON, "WhatsApp could not take the file. Check that it is whole and of its type."),
    SendError(
        "against_policy",
        _PERSON,
        "WhatsApp's policy rejected the message. Check content, consent and the sender's state.",
    ),
    # on the way
    SendError(
        "provider_failure", _RETRY, "The provider or WhatsApp had a passing fault. The message may be sent again."
    ),
    SendError("channel_rejected", _PERSON, "WhatsApp rejected the message. See the provider's description for why."),
    SendError(
        "no_channel_left", _PERSON, "Every channel of the message was tried without success. See the earlier ones."
    ),
    SendError("expired_on_the_way", _PERSON, "The message was not delivered in time and was dropped. Send it afresh."),
    SendError(
        "delivery_unknown", _ASK, "No report came in time: nobody knows whether it arrived. Ask before resending."
    ),
    SendError(
        "failed", _PERSON, "The provider gave the message up without a reason that Parley knows. See its description."
    ),
)

ERRORS: dict[str, SendError] = {error.code: error for error in _LIST}
"""All of them, by our code."""


def explain(reason_code: str | None, channel_code: str | None = None, sub_code: str | None = None) -> SendError:
    """Why a Conversation send failed. WhatsApp's own code says most, then the sub-code, then the reason code.

    A code nobody knows (Sinch's set is open) is `failed`; the caller keeps the provider's text beside it.
    """
    ours = (
        WHATSAPP_CODES.get(channel_code or "")
        or SINCH_SUB_CODES.get(sub_code or "")
        or SINCH_REASONS.get(reason_code or "")
    )
    return ERRORS[ours or "failed"]


def explain_state(state: str) -> SendError:
    """Why a legacy send failed: its state is all that API says."""
    return ERRORS[LEGACY_STATES.get(state, "failed")]
