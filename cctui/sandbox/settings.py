"""What can be set about the stand-in, at its start and while it runs.

Defaults are the figures of the real service where they are known (API guide: rate limits, import contacts, device
flow).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from cctui.sandbox.faults import Fault

SANDBOX_CLIENT_ID = "5a0c7e11-0d15-4b0e-9c1a-5bd0c0ffee01"
"""The application key of the sample environment. The sandbox takes any UUID unless ``client_ids`` says otherwise."""

Seconds = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]


class UserRole(StrEnum):
    """Who signs in at the stand-in (API guide, user privileges)."""

    OWNER = "owner"
    MANAGER = "manager"
    CAMPAIGN_CREATOR = "campaign-creator"


class RefreshTokens(StrEnum):
    """The refresh token type of the application; ``none`` answers without one, as seen in the wild."""

    ROTATING = "rotating"
    LONG_LIVED = "long-lived"
    NONE = "none"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All switches. Lengths of time are in seconds; 0 switches a limit off and makes a duration none."""

    rate_per_second: Count = 4
    rate_tolerance: Annotated[float, Meta(ge=0, lt=1)] = 0.05
    """How much shorter than a second the sliding window is: jitter on the way is not held against the client."""
    daily_quota: Count = 10_000
    queue_limit: Count = 1_000
    token_rate: Annotated[float, Meta(ge=0)] = 1.0
    body_limit: Annotated[int, Meta(ge=1)] = 4_000_000
    """Where "4 MB" is cut: 4,000,000 or 4,194,304 are the two readings."""
    line_limit: Annotated[int, Meta(ge=2)] = 40_000
    email_limit: Count = 50
    error_texts: Count = 0
    """At most so many texts in ``activity_errors``; 0 means all."""
    initialized_seconds: Seconds = 0.5
    processing_seconds: Seconds = 1.5
    activity_days: float = 10.0
    latency: Seconds = 0.0
    membership_lag: Seconds = 0.0
    clock_offset_hours: float = 0.0

    expires_in: Count = 86_400
    device_expires_in: Count = 600
    device_interval: Count | None = 5
    """``None`` leaves ``interval`` out of the answer; clients then take 5 (RFC 8628)."""
    pending_polls: Count | None = None
    """Approve by itself after so many polls; ``None`` waits for a person at the page."""
    refresh_tokens: RefreshTokens = RefreshTokens.ROTATING
    refresh_idle_days: float = 180.0
    reuse_revokes: bool = False
    """Whether the use of a superseded refresh token kills the newest one too (not known of the real service)."""
    user_role: UserRole = UserRole.OWNER
    assigned: bool = True
    """``False`` issues tokens whose ``platform_user_id`` is ``UNASSIGNED``: signed in, but tied to no account."""
    deactivated: bool = False
    flows: list[Literal["device", "pkce"]] = field(default_factory=lambda: ["device", "pkce"])
    client_ids: list[str] | None = None
    redirect_uris: list[str] | None = None
    account_id: str = "a07e1n5andb0x"
    organization_name: str = "Contoso Coffee"
    contact_email: str = "owner@contoso.example"

    lists: list[str] = field(default_factory=list)
    """Lists that exist from the start; their ids come from :func:`cctui.sandbox.lists.list_id_for`."""
    custom_fields: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    record_requests: bool = False

    def changed(self, changes: dict[str, Any]) -> Settings:
        """These settings with some of them changed. Raises ``msgspec.ValidationError`` naming the wrong one."""
        return msgspec.convert({**msgspec.to_builtins(self), **changes}, Settings)


def settings_from(value: Settings | dict[str, Any] | None) -> Settings:
    """Settings from settings, from some of them by name, or the defaults."""
    if isinstance(value, Settings):
        return value
    return Settings().changed(value or {})
