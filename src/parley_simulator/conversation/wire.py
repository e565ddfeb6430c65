"""The bodies of the Conversation API, with the limits its own description gives (sinch.md 2.5, 2.6)."""

from typing import Annotated, Literal

import msgspec

NotEmpty = Annotated[str, msgspec.Meta(min_length=1)]
Ulid = Annotated[str, msgspec.Meta(pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]
Channel = Literal[
    "WHATSAPP", "RCS", "SMS", "MESSENGER", "VIBERBM", "MMS", "INSTAGRAM", "TELEGRAM", "KAKAOTALK", "KAKAOTALKCHAT",
    "LINE", "WECHAT", "APPLEBC", "VIBER",
]  # fmt: skip


class ChannelIdentity(msgspec.Struct, frozen=True):
    """A channel and the address on it."""

    channel: Channel
    identity: NotEmpty
    app_id: str = ""


class IdentifiedBy(msgspec.Struct, frozen=True):
    """At least one identity."""

    channel_identities: Annotated[list[ChannelIdentity], msgspec.Meta(min_length=1)]


class Recipient(msgspec.Struct, frozen=True):
    """One of the two."""

    identified_by: IdentifiedBy | None = None
    contact_id: str = ""


class TextMessage(msgspec.Struct, frozen=True):
    """Text."""

    text: NotEmpty


class MediaMessage(msgspec.Struct, frozen=True):
    """A file by its address."""

    url: NotEmpty
    thumbnail_url: str = ""
    filename_override: str = ""


class ChannelTemplate(msgspec.Struct, frozen=True):
    """`template_id` is the template's name; keys of `parameters` such as `body[1]text`."""

    template_id: NotEmpty
    language_code: NotEmpty
    parameters: dict[str, str] = {}
    version: str = ""


class OmniTemplate(msgspec.Struct, frozen=True):
    """A template kept by Sinch for all channels."""

    template_id: NotEmpty
    version: str = ""
    language_code: str = ""
    parameters: dict[str, str] = {}


class TemplateMessage(msgspec.Struct, frozen=True):
    """The channel's template wins over the omni one."""

    channel_template: dict[str, ChannelTemplate] = {}
    omni_template: OmniTemplate | None = None


class UrlChoice(msgspec.Struct, frozen=True):
    """Opens an address."""

    title: NotEmpty
    url: NotEmpty


class CallChoice(msgspec.Struct, frozen=True):
    """Dials."""

    phone_number: NotEmpty
    title: str = ""


class ShareLocationChoice(msgspec.Struct, frozen=True):
    """Asks where the customer is."""

    title: NotEmpty
    fallback_url: NotEmpty


class CalendarChoice(msgspec.Struct, frozen=True):
    """Adds a date."""

    title: NotEmpty
    event_start: NotEmpty
    event_end: NotEmpty
    event_title: NotEmpty
    fallback_url: NotEmpty
    event_description: str = ""


class Coordinates(msgspec.Struct, frozen=True):
    """Degrees."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class LocationMessage(msgspec.Struct, frozen=True):
    """A pin."""

    title: NotEmpty
    coordinates: Coordinates
    label: str = ""


class Choice(msgspec.Struct, frozen=True):
    """One button; without `postback_data` Sinch makes one up."""

    text_message: TextMessage | None = None
    url_message: UrlChoice | None = None
    call_message: CallChoice | None = None
    location_message: LocationMessage | None = None
    calendar_message: CalendarChoice | None = None
    share_location_message: ShareLocationChoice | None = None
    postback_data: str = ""


class ChoiceProperties(msgspec.Struct, frozen=True):
    """The small print."""

    whatsapp_footer: str = ""


class ChoiceMessage(msgspec.Struct, frozen=True):
    """Text with buttons."""

    choices: Annotated[list[Choice], msgspec.Meta(min_length=1, max_length=10)]
    text_message: TextMessage | None = None
    message_properties: ChoiceProperties | None = None


class CardProperties(msgspec.Struct, frozen=True):
    """Above the card."""

    whatsapp_header: str = ""


class CardMessage(msgspec.Struct, frozen=True):
    """A picture with text and buttons."""

    title: str = ""
    description: str = ""
    media_message: MediaMessage | None = None
    choices: list[Choice] = []
    height: str = ""
    message_properties: CardProperties | None = None


class CarouselMessage(msgspec.Struct, frozen=True):
    """Cards side by side; WhatsApp gets text."""

    cards: Annotated[list[CardMessage], msgspec.Meta(min_length=1, max_length=10)]
    choices: Annotated[list[Choice], msgspec.Meta(max_length=3)] = []


class ListChoice(msgspec.Struct, frozen=True):
    """One line."""

    title: NotEmpty
    description: str = ""
    media: MediaMessage | None = None
    postback_data: str = ""


class Product(msgspec.Struct, frozen=True):
    """One product of a catalogue."""

    id: NotEmpty
    marketplace: NotEmpty
    quantity: int = 0
    item_price: float = 0
    currency: str = ""


class ListItem(msgspec.Struct, frozen=True):
    """One of the two."""

    choice: ListChoice | None = None
    product: Product | None = None


class ListSection(msgspec.Struct, frozen=True):
    """Lines under a title."""

    items: Annotated[list[ListItem], msgspec.Meta(min_length=1)]
    title: str = ""


class ListProperties(msgspec.Struct, frozen=True):
    """The catalogue and the button's word."""

    catalog_id: str = ""
    menu: str = ""
    whatsapp_header: str = ""


class ListMessage(msgspec.Struct, frozen=True):
    """A list to pick from."""

    title: NotEmpty
    sections: Annotated[list[ListSection], msgspec.Meta(min_length=1)]
    description: str = ""
    media: MediaMessage | None = None
    message_properties: ListProperties | None = None


class ContactName(msgspec.Struct, frozen=True):
    """A person."""

    full_name: NotEmpty
    first_name: str = ""
    last_name: str = ""
    middle_name: str = ""
    prefix: str = ""
    suffix: str = ""


class ContactInfoMessage(msgspec.Struct, frozen=True):
    """A contact card; the rest is passed on as it is."""

    name: ContactName
    phone_numbers: Annotated[list[dict[str, str]], msgspec.Meta(min_length=1)]
    addresses: list[dict[str, str]] = []
    email_addresses: list[dict[str, str]] = []
    organization: dict[str, str] | None = None
    urls: list[dict[str, str]] = []
    birthday: str = ""


class ReplyTo(msgspec.Struct, frozen=True):
    """Quotes a message."""

    message_id: NotEmpty


class AppMessage(msgspec.Struct, frozen=True):
    """Exactly one of the first nine, or an explicit channel message."""

    text_message: TextMessage | None = None
    media_message: MediaMessage | None = None
    template_message: TemplateMessage | None = None
    choice_message: ChoiceMessage | None = None
    card_message: CardMessage | None = None
    carousel_message: CarouselMessage | None = None
    list_message: ListMessage | None = None
    location_message: LocationMessage | None = None
    contact_info_message: ContactInfoMessage | None = None
    explicit_channel_message: dict[str, object] | None = None
    explicit_channel_omni_message: dict[str, object] | None = None
    channel_specific_message: dict[str, object] | None = None
    agent: dict[str, object] | None = None
    reply_to: ReplyTo | None = None


class SendRequest(msgspec.Struct, frozen=True, kw_only=True):
    """POST messages:send."""

    app_id: Ulid
    recipient: Recipient
    message: AppMessage
    callback_url: str = ""
    channel_priority_order: list[Channel] = []
    channel_properties: dict[str, Annotated[str, msgspec.Meta(max_length=1024)]] = {}
    message_metadata: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    conversation_metadata: dict[str, object] | None = None
    conversation_metadata_update_strategy: Literal["REPLACE", "MERGE_PATCH"] = "REPLACE"
    correlation_id: Annotated[str, msgspec.Meta(max_length=128)] = ""
    queue: Literal["NORMAL_PRIORITY", "HIGH_PRIORITY"] = "NORMAL_PRIORITY"
    ttl: Annotated[str, msgspec.Meta(pattern=r"^\d{1,12}s$")] = ""
    processing_strategy: Literal["DEFAULT", "DISPATCH_ONLY"] = "DEFAULT"
    message_content_type: Literal["CONTENT_UNKNOWN", "CONTENT_MARKETING", "CONTENT_NOTIFICATION"] = "CONTENT_UNKNOWN"


VARIANTS = (
    "text_message",
    "media_message",
    "template_message",
    "choice_message",
    "card_message",
    "carousel_message",
    "list_message",
    "location_message",
    "contact_info_message",
)
TRIGGERS = frozenset(
    {
        "MESSAGE_INBOUND", "MESSAGE_DELIVERY", "MESSAGE_SUBMIT", "EVENT_INBOUND", "EVENT_DELIVERY",
        "CONVERSATION_START", "CONVERSATION_STOP", "CONVERSATION_DELETE", "CONTACT_CREATE", "CONTACT_UPDATE",
        "CONTACT_DELETE", "CONTACT_MERGE", "CONTACT_IDENTITIES_DUPLICATION", "CAPABILITY", "OPT_IN", "OPT_OUT",
        "CHANNEL_EVENT", "UNSUPPORTED", "SMART_CONVERSATION", "SMART_CONVERSATIONS",
        "MESSAGE_INBOUND_SMART_CONVERSATION_REDACTION", "RECORD_NOTIFICATION", "BATCH_STATUS_UPDATE",
    }
)  # fmt: skip
