"""The operator is the operating system's user; the environment's users say which role that is (issue 3, item 7)."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from cctui.access.operators import current_operator
from cctui.access.roles import Action, Operator, Role, Sharing, User, may, require
from cctui.errors import NotPermitted

ME = pwd.getpwuid(os.geteuid()).pw_name
MY_GROUP = grp.getgrgid(os.getegid()).gr_name


@pytest.fixture
def somebody_elses_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that belongs to another user: seen from the account beside ours."""
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 54_321)
    return tmp_path


def test_the_owner_of_the_folder_is_administrator_while_nobody_is_listed(tmp_path: Path) -> None:
    assert current_operator([], tmp_path) == Operator(ME, Role.ADMINISTRATOR)


def test_everybody_else_is_viewer_while_nobody_is_listed(somebody_elses_folder: Path) -> None:
    assert current_operator([], somebody_elses_folder).role is Role.VIEWER


def test_an_account_without_a_name_is_called_by_its_number(somebody_elses_folder: Path) -> None:
    assert current_operator([], somebody_elses_folder).name == str(os.geteuid())


def test_a_listed_user_has_their_role_and_the_owner_no_longer_more(tmp_path: Path) -> None:
    assert current_operator([User(ME, Role.CONTRIBUTOR)], tmp_path).role is Role.CONTRIBUTOR
    assert current_operator([User("somebody-else", Role.ADMINISTRATOR)], tmp_path).role is Role.VIEWER


def test_the_highest_of_several_roles_counts_and_groups_match(tmp_path: Path) -> None:
    users = [User(ME, Role.VIEWER), User(f"group:{MY_GROUP}", Role.CONTRIBUTOR)]
    assert current_operator(users, tmp_path).role is Role.CONTRIBUTOR
    assert current_operator([*users, User(ME, Role.ADMINISTRATOR)], tmp_path).role is Role.ADMINISTRATOR


def test_a_user_entry_never_matches_a_group_of_the_same_name(tmp_path: Path) -> None:
    assert current_operator([User("group:" + ME + "-no-group", Role.ADMINISTRATOR)], tmp_path).role is Role.VIEWER
    assert current_operator([User("group:", Role.ADMINISTRATOR)], tmp_path).role is Role.VIEWER


def test_variables_of_the_shell_do_not_say_who_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(variable, "boss")
    users = [User("boss", Role.ADMINISTRATOR)]
    assert current_operator(users, tmp_path) == Operator(ME, Role.VIEWER)


def test_a_service_account_works_for_a_named_operator_without_lending_its_groups(tmp_path: Path) -> None:
    users = [User("ops2", Role.CONTRIBUTOR), User(f"group:{MY_GROUP}", Role.ADMINISTRATOR)]
    assert current_operator(users, tmp_path, name="ops2") == Operator("ops2", Role.CONTRIBUTOR, confined=True)


@pytest.mark.parametrize("users", [[], [User("ops2", Role.ADMINISTRATOR), User(f"group:{MY_GROUP}", Role.VIEWER)]])
@pytest.mark.parametrize("name", ["nobody-known", "group:ops2", ""])
def test_a_named_operator_who_is_not_listed_gets_in_nowhere(tmp_path: Path, users: list[User], name: str) -> None:
    with pytest.raises(NotPermitted, match="no user of this environment"):
        current_operator(users, tmp_path, name=name)


def test_only_the_owner_of_the_folder_can_name_another_operator(somebody_elses_folder: Path) -> None:
    users = [User("boss", Role.ADMINISTRATOR)]
    with pytest.raises(NotPermitted, match="cannot work as"):
        current_operator(users, somebody_elses_folder, name="boss")


def test_who_says_their_own_name_is_confined_too(tmp_path: Path) -> None:
    users = [User(f"group:{MY_GROUP}", Role.CONTRIBUTOR)]
    assert current_operator(users, tmp_path, name=ME) == Operator(ME, Role.CONTRIBUTOR, confined=True)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("sharing", [None, *Sharing])
def test_who_may_do_what_as_documented_in_2_7(action: Action, sharing: Sharing | None) -> None:
    shared = sharing is not Sharing.ADMINISTRATORS
    for_contributors = {
        Action.SEE_EXPORTS: True,
        Action.SEE_ADDRESSES: True,
        Action.CHANGE_EXPORT: shared,
        Action.RUN_EXPORT: shared,
    }
    assert may(Operator("a", Role.ADMINISTRATOR), action, sharing)
    assert may(Operator("c", Role.CONTRIBUTOR), action, sharing) is for_contributors.get(action, False)
    assert may(Operator("v", Role.VIEWER), action, sharing) is (action is Action.SEE_EXPORTS)


def test_a_refusal_says_whom_to_ask() -> None:
    with pytest.raises(NotPermitted, match="Ask an administrator"):
        require(Operator("v", Role.VIEWER), Action.RUN_EXPORT)
    with pytest.raises(NotPermitted, match="not shared with contributors"):
        require(Operator("c", Role.CONTRIBUTOR), Action.RUN_EXPORT, Sharing.ADMINISTRATORS)
