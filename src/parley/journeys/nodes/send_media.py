"""`send_media`: a picture, video, document, sound, sticker or place, while the customer's window is open."""

from collections.abc import Iterable

from parley.domain.errors import Problem
from parley.journeys.effects import MediaType, SendMedia
from parley.journeys.node import Action, Asker, Name, OptionalDuration, Settings, Text, end_of

NEEDED: dict[MediaType, tuple[str, ...]] = {
    "image": ("url",),
    "video": ("url",),
    "document": ("url",),
    "audio": ("url",),
    "sticker": ("url",),
    "location": ("latitude", "longitude"),
}
OPTIONAL: dict[MediaType, tuple[str, ...]] = {
    "image": ("caption",),
    "video": ("caption",),
    "document": ("caption", "filename"),
    "audio": (),
    "sticker": (),
    "location": ("name", "address"),
}
_FIELDS = ("url", "caption", "filename", "latitude", "longitude", "name", "address")


class SendMediaNode(Action, frozen=True, kw_only=True, tag="send_media"):
    """`{"id": "photo", "type": "send_media", "media": "image", "url": "https://…", "caption": "…"}`."""

    media: MediaType
    url: Text | None = None
    caption: Text | None = None
    filename: Text | None = None
    latitude: Text | float | None = None
    longitude: Text | float | None = None
    name: Text | None = None
    address: Text | None = None
    sender: Name | None = None
    ttl: OptionalDuration = None

    def faults(self, _: Settings, /) -> Iterable[Problem]:
        """Each medium has its own fields."""
        allowed = NEEDED[self.media] + OPTIONAL[self.media]
        for field in _FIELDS:
            if field in NEEDED[self.media] and getattr(self, field) is None:
                yield Problem(field, f"is missing: {self.media} needs it.")
            if field not in allowed and getattr(self, field) is not None:
                yield Problem(field, f"has no place in {self.media}.")

    def effect(self, asker: Asker) -> SendMedia:
        """With the settings' sender where the node has none."""
        return SendMedia(
            scenario=asker.scenario,
            node=self.id,
            media=self.media,
            sender=self.sender or asker.settings.sender,
            expires_at=end_of(self.ttl, asker.now),
            **{field: getattr(self, field) for field in _FIELDS},
        )
