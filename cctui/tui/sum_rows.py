"""The end of a run in lines: the two sums, in red and in words where they do not add up, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from cctui.delivery.states import Run
from cctui.locales import C_, _, number
from cctui.tui.parts import Line, Part, Tone, clipped, width_of


def sum_rows(run: Run, width: int) -> list[Line]:
    """The two sums of the report, once there is a plan; red, and in words, where they do not add up."""
    totals = run.totals
    if not run.planned:
        return []
    terms = [(_("{count} duplicate"), totals.duplicate), (_("{count} invalid"), totals.invalid)]
    terms.append((_("{count} suppressed"), totals.suppressed))
    if totals.unchanged:
        terms.append((_("{count} unchanged"), totals.unchanged))
    terms.append((_("{count} to send") if run.dry_run else _("{count} sent"), totals.sent))
    rows = _sum(_("{count} selected"), totals.selected, terms, width, Tone.PLAIN if totals.plan_adds_up else Tone.BAD)
    if not run.dry_run:
        rows += _sum(
            _("{count} sent"),
            totals.sent,
            [
                (_("{count} accepted"), totals.accepted),
                (_("{count} not added"), totals.not_added),
                (_("{count} refused"), totals.refused),
                (_("{count} waiting"), totals.waiting),
            ],
            width,
            Tone.PLAIN if totals.delivery_adds_up else Tone.BAD,
        )
    problem = sum_problem(run)
    return [*rows, clipped([Part(problem, Tone.BAD)], width)] if problem else rows


def _sum(name: str, whole: int, terms: Sequence[tuple[str, int]], width: int, tone: Tone) -> list[Line]:
    """One equation, broken before a term where the line is too short for it."""
    lines = [f"{name.format(count=number(whole))} ="]
    for index, (text, count) in enumerate(terms):
        term = text.format(count=number(count)) + (" +" if index < len(terms) - 1 else "")
        if width_of([Part(f"{lines[-1]} {term}")]) <= width:
            lines[-1] += f" {term}"
        else:
            lines.append(f"    {term}")
    return [clipped([Part(line, tone)], width) for line in lines]


def closing_rows(run: Run, width: int) -> list[Line]:
    """What stands at the end of a run: the sums and what to do next. Sums that do not add up are told at once."""
    if not run.status.ended:
        return sum_rows(run, width) if run.planned and not run.totals.adds_up else []
    return [*sum_rows(run, width), next_line(run, width)]


def next_line(run: Run, width: int) -> Line:
    """What can be done with a run that is over."""
    rejected = run.totals.invalid + run.totals.refused
    steps = [("r", _("Run again"), "run.again"), ("Esc", _("Back"), "general.back")]
    if rejected:
        text = _("Rejected rows ({count})").format(count=number(rejected))
        steps.insert(0, ("e", text, "run.rejected"))
        if not run.dry_run:
            steps.insert(1, ("R", _("Run only these"), "run.only_rejected"))
    parts: list[Part] = [Part(C_("label", "Next"), Tone.QUIET)]
    for key, text, command in steps:
        action = f"screen.command('{command}')"
        step = [Part("   "), Part(key, Tone.KEY, action), Part(f" {text}", Tone.PLAIN, action)]
        if width_of([*parts, *step]) > width:
            break  # the same steps are among the hints and the commands
        parts += step
    return clipped(parts, width)


def cancel_consequences(run: Run) -> list[str]:
    """What canceling does to a run, in sentences."""
    rest = run.totals.sent - run.contacts_sent
    if not run.planned:
        return [_("Nothing has been sent yet, and nothing will be.")]
    return [
        _("{count} contacts were sent. What became of them is watched to its end.").format(
            count=number(run.contacts_sent)
        ),
        _("{count} contacts are not sent and are reported as such.").format(count=number(max(0, rest))),
    ]


def sum_problem(run: Run) -> str:
    """Which sum does not hold and by how much, in words; empty where both hold."""
    totals = run.totals
    if not totals.plan_adds_up:
        found = totals.duplicate + totals.invalid + totals.suppressed + totals.unchanged + totals.sent
        return _off_by(_("selected"), totals.selected, found)
    if not run.dry_run and not totals.delivery_adds_up:
        return _off_by(_("sent"), totals.sent, totals.accepted + totals.not_added + totals.refused + totals.waiting)
    if not run.dry_run and not totals.adds_up:
        return _("The sums do not add up: a count is below zero. Do not trust this run; keep its log.")
    return ""


def _off_by(name: str, whole: int, found: int) -> str:
    return _("The sums do not add up: {whole} {name}, but {found} accounted for. Keep the log of this run.").format(
        whole=number(whole), name=name, found=number(found)
    )
