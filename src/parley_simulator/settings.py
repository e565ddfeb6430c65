"""The knobs: where the sources disagree, or a test wants another figure than Sinch's (sinch.md 7)."""

from typing import Annotated, Literal

import msgspec

Rate = Annotated[float, msgspec.Meta(ge=0)]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Mode = Literal["DISPATCH", "CONVERSATION"]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every switch with its default. Rates are per virtual second; a rate of 0 means no limit."""

    mode: Mode = "DISPATCH"  # new apps since 16 April 2025
    retention_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 0  # DISPATCH: nothing is kept
    conversation_retention_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 180
    drain_per_second: Rate = 20
    callbacks_per_second: Rate = 25
    requests_per_second: Rate = 800
    queue_ceiling: Annotated[int, msgspec.Meta(ge=0)] = 500_000
    retry_after: bool = True  # whether a 429 says when to come back
    basic_per_second: Rate = 5  # Basic authentication straight on the API is for trials
    token_seconds: Annotated[int, msgspec.Meta(ge=1)] = 3599
    token_burst: Rate = 30
    tokens_per_second: Rate = 10
    capability_per_second: Rate = 20
    capable: Literal["always", "known"] = "always"  # since 28 March 2023 the answer is always yes
    legacy_errors: Literal["both", "reason", "details"] = "both"
    error_shape: Literal["nested", "flat"] = "nested"
    forbidden_status: Literal["PERMISSION_DENIED", "UNAUTHORIZED"] = "PERMISSION_DENIED"
    no_opt_in: bool = False  # True: the rule before 30 June 2022
    register_opt_ins: bool = True  # optins:register and optouts:register as until 2021; False: 404, as today
    sticky_callback: bool = False  # True: a send's `callback` becomes the bot's
    legacy_batch: Literal["random", "always", "never"] = "random"
    template_review: Literal["usual", "by_hand"] = "usual"  # by_hand: PENDING until the control API decides
    template_review_seconds: tuple[float, float] = (60, 600)
    template_limit: Annotated[int, msgspec.Meta(ge=0)] = 250  # of an account that is not verified; 0: no limit
    template_syncs_per_minute: Rate = 1
    unconfigured_channel: Literal["report", "reject"] = "report"
    callback_timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 15
    sign_retries_again: bool = False
    sign_overrides: bool = True
    check_media: bool = True
    media_days: Annotated[float, msgspec.Meta(gt=0)] = 7
    contact_card: Literal["fallback", "unsupported"] = "fallback"
    read_percent: Percent = 80  # people with receipts off never report READ
    read_seconds: tuple[float, float] = (30, 300)
