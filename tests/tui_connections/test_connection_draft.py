"""What a pane lacks and says, from plain facts; what a connection leaves behind when it goes."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from connection_stories import KEY, NOW, OTHER_KEY, save_connection, sign_in
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs

from cctui.access.roles import Operator, Role
from cctui.constant_contact.answers import AccountSummary, Privileges
from cctui.constant_contact.connection_check import ConnectionCheck, ConnectionState, last_checks, record
from cctui.constant_contact.connection_life import checks_path, record_sign_in, remove_connection, sign_out
from cctui.constant_contact.sign_in import SignedIn
from cctui.constant_contact.tokens import Standing, TokenFileError, TokenState, TokenStore
from cctui.definitions.changes import ConnectionInUse
from cctui.definitions.environment import Environment
from cctui.definitions.model import ConnectionDefinition, Endpoints, EnvironmentDefinition, EnvironmentSection
from cctui.errors import NotPermitted
from cctui.tui import token_lines
from cctui.tui.connection_draft import ConnectionDraft, credentials_note, draft_of, services
from cctui.tui.parts import plain, width_of
from cctui.tui.sign_in_words import half_blocks, large_code, qr_rows, time_left

ADMINISTRATOR = Operator("ops1", Role.ADMINISTRATOR)
EXPORT = """
id = "news"
display_name = "News"
connection = "marketing"
list_id = "3b1d6c1e-0000-4000-8000-000000000001"
segments = ["All"]

[data_matching]
email = "EMail"
"""
COMPLETE = ConnectionDraft(
    display_name="Marketing", client_id=KEY, agreed=True, connected=True, account="Contoso (a07)", export_user="ops1"
)


def test_c14_save_waits_for_everything_in_the_documented_order() -> None:
    order = [
        {"display_name": ""},
        {"client_id": ""},
        {"agreed": False},
        {"connected": False},
        {"account": ""},
        {"export_user": ""},
    ]
    assert COMPLETE.why_no_save() == ""
    said = [structs.replace(COMPLETE, **lacking).why_no_save() for lacking in order]
    assert all(said)
    assert len(set(said)) == len(order)
    everything = {key: value for lacking in order for key, value in lacking.items()}
    assert structs.replace(COMPLETE, **everything).why_no_save() == said[0]


def test_c18_a_saved_connection_is_renamed_without_a_sign_in() -> None:
    saved = structs.replace(COMPLETE, saved_key=KEY, account="", export_user="")
    assert saved.why_no_save() == ""
    assert structs.replace(saved, display_name="").why_no_save()
    assert structs.replace(saved, client_id=OTHER_KEY).why_no_save()


@given(some.text(max_size=60))
def test_only_uuids_are_keys(text: str) -> None:
    assert structs.replace(COMPLETE, client_id=f"x{text}").key_problem()
    assert structs.replace(COMPLETE, client_id=f"  {KEY.upper()}\n").key_problem() == ""
    # A key that is on the disk already is not judged anew.
    assert structs.replace(COMPLETE, client_id="key-1", saved_key="key-1").key_problem() == ""


def test_only_what_was_entered_can_be_lost() -> None:
    assert not structs.replace(COMPLETE, display_name=" Marketing ", client_id=KEY.upper()).loses(COMPLETE)
    assert structs.replace(COMPLETE, display_name="Other").loses(COMPLETE)


def test_the_real_service_is_not_asked_about_where_it_is_the_only_one(empty: Environment) -> None:
    assert [service.endpoints for service in services(empty.connections())] == [Endpoints()]
    save_connection(empty)
    save_connection(empty, id_="second", name="Second")
    assert [service.title for service in services(empty.connections())] == [
        "Sandbox at 127.0.0.1:8025",
        "Constant Contact",
    ]


def test_c13_folder_and_files_need_no_credentials() -> None:
    assert "need no credentials" in credentials_note(None)
    assert "need no credentials" in credentials_note(
        EnvironmentDefinition(environment=EnvironmentSection(name="Contoso"))
    )


@given(some.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=12), some.integers(12, 100))
def test_the_large_code_fits_or_is_written_small(code: str, width: int) -> None:
    lines = large_code(code, width)
    assert max(map(len, lines)) <= width
    assert len(lines) == 3 or lines[0].replace(" ", "") == code


def test_every_letter_and_digit_looks_different() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    assert len({tuple(large_code(letter, 20)) for letter in letters}) == len(letters)


def test_the_qr_code_has_a_light_margin_and_keeps_every_module() -> None:
    rows = qr_rows("https://identity.constantcontact.com/activate?user_code=ABCDEFGH")
    assert all(rows[0]) and all(row[0] and row[-1] for row in rows)
    drawn = half_blocks(rows)
    for y, row in enumerate(rows):
        for x, light in enumerate(row):
            assert (drawn[y // 2][x] in ("█", "▀" if y % 2 == 0 else "▄")) is light


def test_the_time_left_counts_in_minutes_and_seconds() -> None:
    assert time_left(583.4) == "The code is good for 9:43 more."
    assert time_left(-5) == "The code is good for 0:00 more."


@given(some.integers(50, 140))
def test_token_facts_are_never_cut(width: int) -> None:
    path = Path("/srv/environments/contoso-coffee/production/secrets/constant-contact-marketing.json")
    tokens = TokenState(path, Standing.UNUSABLE_FILE, problem="It is empty, and nobody knows why it came to be so.")
    lines = token_lines.token_lines(tokens, ConnectionCheck(), UTC, NOW, width)
    assert all(width_of(line) <= width for line in lines)
    assert str(path) in "".join(plain(line[1:]) for line in lines)


def test_the_entry_in_the_system_keyring_is_told_instead_of_the_file() -> None:
    tokens = TokenState(Path("/srv/secrets/marketing.json"), Standing.GOOD, NOW, NOW, keyring="cctui /srv/secrets")
    lines = token_lines.token_lines(tokens, ConnectionCheck(), UTC, NOW, 100)
    assert any("The system keyring, as cctui /srv/secrets" in plain(line) for line in lines)


def signed_in_as(name: str) -> SignedIn:
    return SignedIn(
        AccountSummary(encoded_account_id="a07", organization_name=name),
        Privileges(frozenset({"contacts:write"})),
    )


def test_c13_a_finished_sign_in_pins_the_account_names_the_export_user_and_counts_as_a_check(
    empty: Environment,
) -> None:
    definition = structs.replace(save_connection(empty), id="second", display_name="Second", account=None)
    saved = record_sign_in(empty, ADMINISTRATOR, definition, None, signed_in_as("Contoso")).definition
    assert saved.account is not None
    assert saved.account.id == "a07"
    assert saved.export_user == "ops1"
    assert last_checks(checks_path(empty))["second"].state is ConnectionState.CONNECTED
    with pytest.raises(NotPermitted):
        record_sign_in(empty, Operator("ann", Role.CONTRIBUTOR), definition, None, signed_in_as("Contoso"))


def standing(environment: Environment) -> Standing:
    return TokenStore(environment.secrets_folder).state("marketing").standing


def known(environment: Environment) -> ConnectionDefinition:
    definition = save_connection(environment)
    sign_in(environment)
    record(checks_path(environment), "marketing", ConnectionCheck(ConnectionState.CONNECTED, NOW))
    return definition


def test_c19_what_belongs_to_a_connection_goes_with_it(empty: Environment) -> None:
    known(empty)
    remove_connection(empty, ADMINISTRATOR, "marketing")
    assert standing(empty) is Standing.NONE
    assert last_checks(checks_path(empty)) == {}


def test_c20_of_a_connection_in_use_nothing_is_taken_away(empty: Environment) -> None:
    definition = known(empty)
    (empty.exports_folder / "news.toml").write_text(EXPORT)
    with pytest.raises(ConnectionInUse):
        remove_connection(empty, ADMINISTRATOR, "marketing")
    assert empty.connection("marketing").definition == definition
    assert standing(empty) is not Standing.NONE


def test_a_sign_in_that_cannot_be_deleted_keeps_its_connection(empty: Environment) -> None:
    definition = known(empty)
    empty.secrets_folder.chmod(0o755)
    with pytest.raises(TokenFileError):
        remove_connection(empty, ADMINISTRATOR, "marketing")
    assert empty.connection("marketing").definition == definition


def test_signing_out_is_for_administrators_and_keeps_the_definition(empty: Environment) -> None:
    definition = known(empty)
    with pytest.raises(NotPermitted):
        sign_out(empty, Operator("ann", Role.CONTRIBUTOR), "marketing")
    assert sign_out(empty, ADMINISTRATOR, "marketing")
    assert not sign_out(empty, ADMINISTRATOR, "marketing")
    assert draft_of(empty.connection("marketing").definition, ()).account == draft_of(definition, ()).account
