"""What a template is made of, in the Provisioning API's words. A draft may lack anything; limits hold for it, too."""

from typing import Annotated, Any, Literal

import msgspec

NotEmpty = Annotated[str, msgspec.Meta(min_length=1)]
Label = Annotated[str, msgspec.Meta(max_length=25)]
HeaderFormat = Literal["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"]


class MediaExample(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of the kind that the header will show."""

    url: NotEmpty
    mime_type: str = ""


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="HEADER"):
    """A line with at most one variable, a kind of media, or a place."""

    format: HeaderFormat
    text: Annotated[str, msgspec.Meta(max_length=60)] = ""
    examples: list[str | MediaExample] = []


class Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="BODY"):
    """The text; WhatsApp's own in AUTHENTICATION templates."""

    text: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    examples: list[NotEmpty] = []
    add_security_recommendation: bool = False


class Footer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="FOOTER"):
    """The small print."""

    text: Annotated[str, msgspec.Meta(max_length=60)] = ""
    code_expiration_minutes: Annotated[int, msgspec.Meta(ge=1, le=90)] | None = None


class QuickReply(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="QUICK_REPLY"):
    """Comes back when tapped."""

    text: Label = ""


class Url(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="URL"):
    """An address, perhaps with a variable at its end."""

    text: Label = ""
    url: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    examples: list[NotEmpty] = []


class Phone(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="PHONE_NUMBER"):
    """Dials."""

    text: Label = ""
    phone_number: Annotated[str, msgspec.Meta(max_length=20)] = ""


class SupportedApp(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An Android app that may read the code."""

    package_name: NotEmpty
    signature_hash: NotEmpty


class Otp(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="OTP"):
    """Hands over a one-time code."""

    otp_type: Literal["COPY_CODE", "ONE_TAP", "ZERO_TAP"]
    text: Label = ""
    autofill_text: Label = ""
    package_name: str = ""
    signature_hash: str = ""
    supported_apps: list[SupportedApp] = []
    zero_tap_terms_accepted: bool = False


class Flow(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="FLOW"):
    """Opens a form."""

    text: Label = ""
    flow_id: Annotated[str, msgspec.Meta(max_length=30)] = ""
    flow_action: Literal["DATA_EXCHANGE", "NAVIGATE"] | None = None
    navigate_screen: Annotated[str, msgspec.Meta(max_length=432)] = ""


class RequestContactInfo(msgspec.Struct, frozen=True, tag_field="type", tag="REQUEST_CONTACT_INFO"):
    """Asks for the person's number."""

    text: Label = "Share contact info"


class OrderDetails(msgspec.Struct, frozen=True, tag_field="type", tag="ORDER_DETAILS"):
    """Shows an order."""

    text: Label = "Review and pay"


class CopyCode(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="COPY_CODE"):
    """Copies a coupon."""

    text: Label = "Copy offer code"
    examples: list[Annotated[str, msgspec.Meta(min_length=1, max_length=20)]] = []


Button = QuickReply | Url | Phone | Otp | Flow | RequestContactInfo | OrderDetails | CopyCode


class Buttons(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="BUTTONS"):
    """What may be tapped."""

    buttons: list[Button] = []


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One of several side by side."""

    components: list[Header | Body | Buttons] = []


class Carousel(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="CAROUSEL"):
    """Kept and shown back; the simulator's phone does not draw it."""

    cards: Annotated[list[Card], msgspec.Meta(max_length=10)] = []


class Offer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="LIMITED_TIME_OFFER"):
    """An offer that ends; kept and shown back, not drawn."""

    text: Annotated[str, msgspec.Meta(max_length=16)] = ""
    has_expiration: bool = False


Component = Header | Body | Footer | Buttons | Carousel | Offer


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The components, and for how many seconds a message may be tried."""

    components: list[Component] = []
    message_send_ttl_seconds: int | None = None
    optimization: dict[str, Any] | None = None


def read_details(written: dict[str, Any]) -> Details:
    """What was handed in word for word, as a value. Raises `msgspec.ValidationError`."""
    return msgspec.convert(written, Details)
