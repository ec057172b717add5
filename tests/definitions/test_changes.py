"""What operators do to connections and exports, with the rights of the documented product."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from definitions_to_try import ADMINISTRATOR, CONTRIBUTOR, VIEWER, a_connection, an_export
from msgspec import structs

from cctui.access.roles import Action, Operator, Sharing, may
from cctui.definitions import changes
from cctui.definitions.changes import ConnectionInUse
from cctui.definitions.environment import Environment, NotFound, Stored
from cctui.definitions.model import ConnectionDefinition, ExportDefinition, ExportSchedule
from cctui.definitions.toml_files import ChangedElsewhere
from cctui.errors import ExitCode, NotPermitted, UsageError

SHARED = Sharing.ADMINISTRATORS_AND_CONTRIBUTORS


@pytest.fixture
def coffee(environment: Environment) -> Environment:
    """One connection for administrators, one that is shared, and an export on each; one export is detached."""
    environment.save_connection(a_connection("marketing"), None)
    environment.save_connection(a_connection("loyalty", SHARED), None)
    environment.save_export(an_export("newsletter", connection="marketing"), None)
    environment.save_export(an_export("winback", connection="loyalty"), None)
    environment.save_export(an_export("old"), None)
    return environment


def connections(environment: Environment) -> dict[str, ConnectionDefinition]:
    return {one.definition.id: one.definition for one in environment.connections() if isinstance(one, Stored)}


def exports(environment: Environment) -> dict[str, ExportDefinition]:
    return {one.definition.id: one.definition for one in environment.exports() if isinstance(one, Stored)}


# -- connections -------------------------------------------------------------------------------------------------------


def test_c7_a_new_connection_is_for_administrators_unless_shared(environment: Environment) -> None:
    definition = ConnectionDefinition(
        id="crm",
        display_name="CRM",
        client_id="key",
        created_by="ops1",
        created_at=a_connection().created_at,
    )
    saved = changes.add_connection(environment, ADMINISTRATOR, definition)
    assert saved.definition.shared_with is Sharing.ADMINISTRATORS
    assert 'shared_with = "administrators"' in saved.path.read_text()
    assert [one.id for one in changes.usable_connections(environment, ADMINISTRATOR)] == ["crm"]
    assert changes.usable_connections(environment, CONTRIBUTOR) == []


def test_c7_contributors_may_use_what_is_shared_and_viewers_nothing(coffee: Environment) -> None:
    assert [one.id for one in changes.usable_connections(coffee, ADMINISTRATOR)] == ["loyalty", "marketing"]
    assert [one.id for one in changes.usable_connections(coffee, CONTRIBUTOR)] == ["loyalty"]
    assert changes.usable_connections(coffee, VIEWER) == []


def test_c6_two_connections_of_one_name_are_refused(coffee: Environment) -> None:
    twin = a_connection("twin", display_name="constant contact, MARKETING ")
    with pytest.raises(UsageError, match="of this name already"):
        changes.add_connection(coffee, ADMINISTRATOR, twin)
    stored = coffee.connection("loyalty")
    with pytest.raises(UsageError, match="of this name already"):
        changes.edit_connection(
            coffee,
            ADMINISTRATOR,
            structs.replace(stored.definition, display_name="Constant Contact, marketing"),
            stored.fingerprint,
        )


def test_c17_one_connection_serves_many_exports(coffee: Environment) -> None:
    changes.attach_export(coffee, ADMINISTRATOR, "old", "marketing")
    assert [one.id for one in changes.exports_of(coffee, "marketing")] == ["newsletter", "old"]


def test_c18_unsharing_keeps_the_exports_of_contributors_who_fall_back_to_view_only(coffee: Environment) -> None:
    before = coffee.export("winback")
    stored = coffee.connection("loyalty")
    unshared = structs.replace(stored.definition, shared_with=Sharing.ADMINISTRATORS)
    changes.edit_connection(coffee, ADMINISTRATOR, unshared, stored.fingerprint)
    assert coffee.export("winback") == before
    assert not may(CONTRIBUTOR, Action.RUN_EXPORT, changes.sharing_of(coffee, before.definition))
    with pytest.raises(NotPermitted, match="not shared with contributors"):
        changes.edit_export(coffee, CONTRIBUTOR, before.definition, before.fingerprint)


def test_c19_a_connection_that_nobody_uses_is_removed_and_can_be_put_back(coffee: Environment) -> None:
    changes.add_connection(coffee, ADMINISTRATOR, a_connection("spare"))
    removed = changes.remove_connection(coffee, ADMINISTRATOR, "spare")
    assert "spare" not in connections(coffee)
    changes.restore(coffee, ADMINISTRATOR, removed)
    assert connections(coffee)["spare"] == a_connection("spare")


def test_c20_a_connection_in_use_is_not_removed_and_its_exports_are_named(coffee: Environment) -> None:
    changes.attach_export(coffee, ADMINISTRATOR, "old", "marketing")
    with pytest.raises(ConnectionInUse, match="Newsletter, Old") as refused:
        changes.remove_connection(coffee, ADMINISTRATOR, "marketing")
    assert [export.id for export in refused.value.exports] == ["newsletter", "old"]
    assert refused.value.exit_code is ExitCode.WRONG_USAGE
    assert "marketing" in connections(coffee)


def test_c21_detaching_or_removing_the_exports_frees_the_connection(coffee: Environment) -> None:
    changes.attach_export(coffee, ADMINISTRATOR, "old", "marketing")
    changes.attach_export(coffee, ADMINISTRATOR, "winback", "marketing")
    detached = changes.detach_exports(coffee, ADMINISTRATOR, ["newsletter", "old", "newsletter"])
    assert [one.definition.id for one in detached] == ["newsletter", "old"]
    changes.remove_export(coffee, ADMINISTRATOR, "winback")
    changes.remove_connection(coffee, ADMINISTRATOR, "marketing")
    assert set(connections(coffee)) == {"loyalty"}


def test_c21_nothing_is_detached_where_one_of_several_is_not_there(coffee: Environment) -> None:
    with pytest.raises(NotFound):
        changes.detach_exports(coffee, ADMINISTRATOR, ["newsletter", "gone"])
    assert exports(coffee)["newsletter"].connection == "marketing"


def test_c22_x12_a_detached_export_keeps_its_configuration_until_it_is_attached(coffee: Environment) -> None:
    before = exports(coffee)["newsletter"]
    [detached] = changes.detach_exports(coffee, ADMINISTRATOR, ["newsletter"])
    assert detached.definition == structs.replace(before, connection=None)
    assert "connection" not in detached.path.read_text()
    attached = changes.attach_export(coffee, ADMINISTRATOR, "newsletter", "loyalty")
    assert attached.definition == structs.replace(before, connection="loyalty")


@pytest.mark.parametrize("operator", [CONTRIBUTOR, VIEWER])
def test_c23_only_administrators_add_edit_and_remove_connections(coffee: Environment, operator: Operator) -> None:
    stored = coffee.connection("loyalty")
    attempts: list[Callable[[], object]] = [
        lambda: changes.add_connection(coffee, operator, a_connection("mine")),
        lambda: changes.edit_connection(coffee, operator, stored.definition, stored.fingerprint),
        lambda: changes.remove_connection(coffee, operator, "loyalty"),
        lambda: changes.detach_exports(coffee, operator, ["winback"]),
    ]
    before = (connections(coffee), exports(coffee))
    for attempt in attempts:
        with pytest.raises(NotPermitted):
            attempt()
    assert (connections(coffee), exports(coffee)) == before


# -- exports -----------------------------------------------------------------------------------------------------------


def every_way_to_change(environment: Environment, operator: Operator, export_id: str) -> list[Callable[[], object]]:
    stored = environment.export(export_id)
    return [
        lambda: changes.edit_export(
            environment, operator, structs.replace(stored.definition, display_name="Else"), stored.fingerprint
        ),
        lambda: changes.duplicate_export(environment, operator, export_id, "Copy"),
        lambda: changes.attach_export(environment, operator, export_id, "loyalty"),
        lambda: changes.remove_export(environment, operator, export_id),
    ]


def test_contributors_change_every_export_on_a_shared_connection_and_no_other_2_7(coffee: Environment) -> None:
    for attempt in every_way_to_change(coffee, CONTRIBUTOR, "newsletter"):
        with pytest.raises(NotPermitted, match="not shared"):
            attempt()
    for attempt in every_way_to_change(coffee, CONTRIBUTOR, "winback")[1:]:
        attempt()
    for attempt in every_way_to_change(coffee, CONTRIBUTOR, "old")[2:]:
        attempt()
    assert set(exports(coffee)) == {"newsletter"}


def test_viewers_change_no_export_2_7(coffee: Environment) -> None:
    before = exports(coffee)
    for export_id in before:
        for attempt in every_way_to_change(coffee, VIEWER, export_id):
            with pytest.raises(NotPermitted, match="Viewer"):
                attempt()
    for connection in (None, "loyalty", "marketing"):
        with pytest.raises(NotPermitted):
            changes.add_export(coffee, VIEWER, an_export("mine", connection=connection))
    assert exports(coffee) == before


def test_contributors_add_exports_on_shared_connections_only(coffee: Environment) -> None:
    changes.add_export(coffee, CONTRIBUTOR, an_export("mine", connection="loyalty"))
    with pytest.raises(NotPermitted, match="Ask an administrator to share it"):
        changes.add_export(coffee, CONTRIBUTOR, an_export("theirs", connection="marketing"))
    assert set(exports(coffee)) == {"newsletter", "winback", "old", "mine"}


def test_contributors_cannot_move_an_export_to_or_from_what_is_not_shared(coffee: Environment) -> None:
    stored = coffee.export("winback")
    for connection in ("marketing", None):
        with pytest.raises(NotPermitted):
            changes.edit_export(
                coffee, CONTRIBUTOR, structs.replace(stored.definition, connection=connection), stored.fingerprint
            )
    with pytest.raises(NotPermitted):
        changes.attach_export(coffee, CONTRIBUTOR, "newsletter", "loyalty")
    assert coffee.export("winback") == stored


def test_a_connection_that_cannot_be_read_is_nobodys_but_the_administrators(coffee: Environment) -> None:
    (coffee.connections_folder / "loyalty.toml").write_text("id = ")
    stored = coffee.export("winback")
    assert changes.sharing_of(coffee, stored.definition) is Sharing.ADMINISTRATORS
    with pytest.raises(NotPermitted):
        changes.edit_export(coffee, CONTRIBUTOR, stored.definition, stored.fingerprint)
    with pytest.raises(NotPermitted):
        changes.add_export(coffee, CONTRIBUTOR, an_export("mine", connection="loyalty"))
    changed = structs.replace(stored.definition, display_name="Still editable")
    assert changes.edit_export(coffee, ADMINISTRATOR, changed, stored.fingerprint).definition == changed


def test_an_export_whose_connection_is_gone_counts_as_detached(coffee: Environment) -> None:
    coffee.remove_connection("loyalty")
    stored = coffee.export("winback")
    assert changes.sharing_of(coffee, stored.definition) is None
    assert changes.sharing_of(coffee, coffee.export("old").definition) is None
    changed = structs.replace(stored.definition, display_name="Still editable")
    changes.edit_export(coffee, CONTRIBUTOR, changed, stored.fingerprint)


def test_an_export_is_not_put_on_a_connection_that_does_not_exist(coffee: Environment) -> None:
    with pytest.raises(NotFound, match="no connection"):
        changes.add_export(coffee, ADMINISTRATOR, an_export("mine", connection="marketin"))
    with pytest.raises(NotFound, match="Did you mean marketing"):
        changes.attach_export(coffee, ADMINISTRATOR, "old", "marketin")


def test_f13_a_duplicate_is_a_draft_with_an_id_of_its_own(coffee: Environment) -> None:
    original = coffee.export("newsletter").definition
    draft = changes.duplicate_export(coffee, ADMINISTRATOR, "newsletter", "Newsletter")
    assert draft == structs.replace(original, id="newsletter-2", display_name="Newsletter")
    assert "newsletter-2" not in exports(coffee)
    changes.add_export(coffee, ADMINISTRATOR, draft)
    assert exports(coffee)["newsletter-2"] == draft


def test_f14_a_save_over_a_change_made_elsewhere_is_refused(coffee: Environment) -> None:
    stored = coffee.export("winback")
    other = structs.replace(stored.definition, schedule=ExportSchedule(run="off"))
    changes.edit_export(coffee, ADMINISTRATOR, other, stored.fingerprint)
    with pytest.raises(ChangedElsewhere):
        changes.edit_export(
            coffee, CONTRIBUTOR, structs.replace(stored.definition, display_name="Mine"), stored.fingerprint
        )
    coffee.remove_export("winback")
    with pytest.raises(ChangedElsewhere):
        changes.edit_export(coffee, ADMINISTRATOR, stored.definition, stored.fingerprint)


def test_f15_a_removal_can_be_undone_by_those_who_may_remove(coffee: Environment) -> None:
    before = exports(coffee)
    removed = changes.remove_export(coffee, CONTRIBUTOR, "winback")
    with pytest.raises(NotPermitted):
        changes.restore(coffee, VIEWER, removed)
    changes.restore(coffee, CONTRIBUTOR, removed)
    assert exports(coffee) == before


def test_f15_a_broken_export_is_for_administrators_to_remove(coffee: Environment) -> None:
    (coffee.exports_folder / "half.toml").write_text("id = ")
    with pytest.raises(NotPermitted):
        changes.remove_export(coffee, CONTRIBUTOR, "half")
    removed = changes.remove_export(coffee, ADMINISTRATOR, "half")
    with pytest.raises(NotPermitted):
        changes.restore(coffee, CONTRIBUTOR, removed)
    changes.restore(coffee, ADMINISTRATOR, removed)
    assert (coffee.exports_folder / "half.toml").read_text() == "id = "


def test_a_connection_for_administrators_is_not_restored_by_others(coffee: Environment) -> None:
    removed = coffee.remove_connection("loyalty")
    with pytest.raises(NotPermitted):
        changes.restore(coffee, CONTRIBUTOR, removed)
