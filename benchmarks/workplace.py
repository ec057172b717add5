"""An environment of cctui for one measurement: its profiles, one connection to the sink, exports, and a signed-in key.

It is made with the product's own writers, so that what is measured is what an operator would have.
"""

from __future__ import annotations

import shutil
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sink import ACCOUNT

from cctui.constant_contact.limits import Limits
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.environment import Environment
from cctui.definitions.model import (
    Account,
    AttributeMapping,
    ConnectionDefinition,
    ConnectionId,
    Consent,
    DataMatching,
    Endpoints,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ProfilesSection,
    SegmentDefinition,
    SourceKind,
)

SEGMENT = "everyone"
_WITHOUT_PACE = 1_000_000.0
_ATTRIBUTES = {"first_name": "FirstName", "last_name": "LastName"}


def make(
    root: Path,
    profiles: Path,
    service: str,
    *,
    exports: int = 1,
    keys: int = 1,
    paced: bool = True,
    where: str | None = None,
) -> Environment:
    """A new environment in ``root`` with exports ``export-1`` …, spread over application keys ``key-1`` ….

    ``service`` is the sink's address; without ``paced`` the keys are allowed any number of calls. The one segment
    holds all profiles, or those that ``where`` chooses.
    """
    shutil.rmtree(root, ignore_errors=True)
    now = datetime.now(UTC)
    environment = Environment.create(
        root,
        EnvironmentDefinition(
            environment=EnvironmentSection(name="Measured"),
            profiles=ProfilesSection(kind=SourceKind.FILES, path=str(profiles.absolute()), id_field="CustomerId"),
            segments=[SegmentDefinition(name=SEGMENT, where=where)],
        ),
    )
    with Limits(environment.limits_path) as limits:
        for number in range(1, keys + 1):
            key = f"key-{number}"
            environment.save_connection(
                ConnectionDefinition(
                    id=ConnectionId(f"sink-{number}"),
                    display_name=f"Sink {number}",
                    client_id=key,
                    account=Account(id=ACCOUNT, name="Sink"),
                    consent=Consent(accepted_by="bench", accepted_at=now),
                    created_by="bench",
                    created_at=now,
                    endpoints=Endpoints(api=f"{service}/v3", authorization=f"{service}/oauth2"),
                ),
                None,
            )
            if not paced:
                limits.allow(key, per_second=_WITHOUT_PACE, per_day=1_000_000)
            tokens = Tokens(
                client_id=key,
                access_token=Secret("measured"),
                refresh_token=Secret("measured"),
                expires_at=now + timedelta(days=1),
                signed_in_at=now,
                renewed_at=now,
            )
            store = TokenStore(environment.secrets_folder)
            with store.lock(f"sink-{number}"):
                store.save(f"sink-{number}", tokens)
    for number in range(1, exports + 1):
        environment.save_export(
            ExportDefinition(
                id=f"export-{number}",
                display_name=f"Export {number}",
                connection=f"sink-{1 + (number - 1) % keys}",
                list_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"list-{number}")),
                segments=[SEGMENT],
                data_matching=DataMatching(email="Email"),
                attributes=[AttributeMapping(attribute=name, field=field) for name, field in _ATTRIBUTES.items()],
            ),
            None,
        )
    return environment
