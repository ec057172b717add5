"""``cctui alerts``: who is told when a run fails, has many errors or is late, or when a sign-in is about to die."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from msgspec import structs

from cctui.access.roles import Action, require
from cctui.cli.session import Session, confirm, in_session, print_table
from cctui.locales import _, relative_time
from cctui.masking import printable

if TYPE_CHECKING:
    from datetime import datetime

    from cctui.delivery.alerts import AlertState

_EVENTS = ("failed", "errors", "late", "sign-in")


@click.group("alerts", help=_("Who is told when something goes wrong, and when it is over. Administrators only."))
def alerts() -> None:
    pass


@alerts.command("list", help=_("Alerts, what they are about, and what they told last."))
@in_session
def list_alerts(session: Session) -> None:
    from cctui.delivery import alerting
    from cctui.delivery.alerts import EVENT_TITLES

    require(session.operator, Action.CHANGE_SYSTEM)
    environment = session.environment
    found = environment.read().definition.alerts
    states = alerting.states(environment)
    if session.as_json:
        session.emit(
            [{"alert": one, "told": [state for state in states if state.alert == one.secret]} for one in found]
        )
        return
    print_table(
        [_("Alert"), _("Concerns"), _("Share"), _("Last told"), _("Problem")],
        (
            [
                one.secret,
                ", ".join(_(EVENT_TITLES[event]) for event in one.events),
                f"{one.share} %",
                relative_time(last_told(states, one.secret)),
                printable(next((state.problem for state in states if state.alert == one.secret and state.problem), "")),
            ]
            for one in found
        ),
        _("Nobody is told. Add somebody: cctui alerts add NAME"),
    )


def last_told(states: list[AlertState], alert: str) -> datetime | None:
    """When an alert told anything."""
    return max((state.told_at for state in states if state.alert == alert and state.told_at), default=None)


@alerts.command(
    "add", help=_("Add an alert, or change it. The address of Apprise's is asked for, or read from standard input.")
)
@click.argument("name")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(_EVENTS),
    help=_("What it is about; repeatable. Without it: everything."),
)
@click.option(
    "--share",
    type=click.IntRange(0, 100),
    default=5,
    show_default=True,
    help=_("Errors are told above this percentage of rejected profiles."),
)
@in_session
def add_alert(session: Session, name: str, events: tuple[str, ...], share: int) -> None:
    from cctui.definitions import system_changes
    from cctui.definitions.model import AlertDefinition, AlertEvent
    from cctui.definitions.toml_files import require_sound
    from cctui.delivery import alert_addresses

    environment, operator = session.environment, session.operator
    require(operator, Action.CHANGE_SYSTEM)
    alert = AlertDefinition(secret=name, events=[AlertEvent(one) for one in events] or list(AlertEvent), share=share)
    definition = environment.read().definition
    others = [one for one in definition.alerts if one.secret != name]
    require_sound(structs.replace(definition, alerts=[*others, alert]), environment.path)
    alert_addresses.keep(environment, name, _asked_for())
    system_changes.add_alert(environment, operator, alert)
    click.echo(_("Saved: {name}").format(name=name))
    click.echo(_("Try it: cctui alerts test {name}").format(name=name))


def _asked_for() -> str:
    """The address; never an argument of a command, which others on the box could read."""
    if sys.stdin.isatty():
        return str(click.prompt(_("Address"), hide_input=True)).strip()
    return sys.stdin.readline().strip()


@alerts.command("test", help=_("Send a message that says that it is a test."))
@click.argument("name")
@in_session
def test_alert(session: Session, name: str) -> None:
    from cctui.definitions import system_changes
    from cctui.delivery import alerting

    environment = session.environment
    require(session.operator, Action.CHANGE_SYSTEM)
    alert = system_changes.alert_of(environment.read().definition, name)
    alerting.test(environment, alert.secret)
    click.echo(_("It was taken. Look whether it arrived."))


@alerts.command("remove", help=_("Tell this one no more, and remove its address."))
@click.argument("name")
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@in_session
def remove_alert(session: Session, name: str, yes: bool) -> None:
    from cctui.definitions import system_changes
    from cctui.delivery import alert_addresses

    environment = session.environment
    require(session.operator, Action.CHANGE_SYSTEM)
    alert = system_changes.alert_of(environment.read().definition, name)
    confirm(_("Remove {name}?").format(name=alert.secret), yes=yes)
    system_changes.remove_alert(environment, session.operator, alert.secret)
    alert_addresses.forget(environment, alert.secret)
    click.echo(_("Removed: {name}").format(name=alert.secret))
