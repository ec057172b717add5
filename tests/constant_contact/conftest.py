"""A connection that is signed in, with its folders, its clock and its service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from service_double import START, Service, StillClock, signed_in_client

from cctui.constant_contact.answers import Call
from cctui.constant_contact.client import Client
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.model import Account, ConnectionDefinition


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def connection() -> ConnectionDefinition:
    return ConnectionDefinition(
        id="marketing",
        display_name="Constant Contact, marketing",
        client_id="5a0c2f7e-1111-4222-8333-444455556666",
        account=Account(id="a07e1n5", name="Contoso Coffee"),
        created_by="ops1",
        created_at=START,
    )


@pytest.fixture
def secrets_folder(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


@pytest.fixture
def limits_path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "limits.sqlite"


@pytest.fixture
def tokens(connection: ConnectionDefinition) -> Tokens:
    return Tokens(
        client_id=connection.client_id,
        access_token=Secret("access-1"),
        refresh_token=Secret("refresh-1"),
        expires_at=START + timedelta(hours=24),
        signed_in_at=START,
        renewed_at=START,
    )


@pytest.fixture
def store(secrets_folder: Path) -> TokenStore:
    return TokenStore(secrets_folder)


@pytest.fixture
def calls() -> list[Call]:
    """What the log was told."""
    return []


@pytest.fixture
def client(
    connection: ConnectionDefinition,
    secrets_folder: Path,
    limits_path: Path,
    clock: StillClock,
    service: Service,
    store: TokenStore,
    tokens: Tokens,
    calls: list[Call],
) -> Client:
    """A client that is signed in."""
    store.save(connection.id, tokens)
    return signed_in_client(connection, secrets_folder, limits_path, clock, service, calls.append)
