"""F5: the list ID as people have it, typed or in the address of the list in a browser."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctui.definitions.list_ids import NotAListId, is_list_id, list_id_from
from cctui.errors import ExitCode

ID = "3b1d6c1e-9a52-11ee-8c90-0242ac120002"
OTHER = "00000000-1111-2222-3333-444444444444"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        ID.upper(),
        f"  {ID}\n",
        f'"{ID}"',
        f"{{{ID}}}",
        f"https://app.constantcontact.com/pages/contacts/ui#lists/{ID}",
        f"https://app.constantcontact.com/pages/contacts/ui#contacts/lists/{ID.upper()}?page=2",
        f"https://app.constantcontact.com/pages/contacts/ui%23lists%2F{ID}",
        f"https://app.constantcontact.com/a/{OTHER}/lists/{ID}",
        f"https://app.constantcontact.com/x?session={OTHER}&list_id={ID}&other=1",
        f"https://app.constantcontact.com/lists/{ID}/contacts?list={ID}",
    ],
)
def test_the_id_is_found_in_what_people_paste(text: str) -> None:
    assert list_id_from(text) == ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Newsletter",
        "1234567890",
        ID[:-1],
        ID + "0",
        f"a{ID}",
        ID.replace("-", ""),
        "g" * 36,
        f"{ID}-{OTHER}",
    ],
)
def test_what_is_no_list_id_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(NotAListId, match="copy the address") as refused:
        list_id_from(text)
    assert refused.value.exit_code is ExitCode.WRONG_USAGE


def test_two_lists_in_one_text_are_refused_rather_than_chosen_from() -> None:
    with pytest.raises(NotAListId, match="more than one"):
        list_id_from(f"{ID} {OTHER}")


def test_the_refusal_shows_no_whole_address_and_no_control_characters() -> None:
    with pytest.raises(NotAListId) as refused:
        list_id_from("mette.hansen@contoso.com \x1b[31m\u202e")
    assert "mette.hansen" not in str(refused.value)
    assert "\x1b" not in str(refused.value)
    assert "\u202e" not in str(refused.value)


@given(st.uuids())
def test_every_uuid_is_found_in_an_address(one: uuid.UUID) -> None:
    assert list_id_from(f"https://app.constantcontact.com/pages/contacts/ui#lists/{one}") == str(one)
    assert is_list_id(str(one).upper())


@given(st.text())
def test_no_text_makes_it_fall_over(text: str) -> None:
    try:
        assert is_list_id(list_id_from(text))
    except NotAListId:
        assert not is_list_id(text)
