"""A small company to look at: an environment with connections, exports and runs of every kind, at a fixed moment."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from contoso_stories import ENVIRONMENT, NOW, TOTALS, FixedClock, put_run, sign_in, write_connection, write_export
from msgspec import structs

from cctui.definitions.environment import Environment
from cctui.delivery.ledger import Ledger
from cctui.delivery.states import Stage, Status, Totals


@pytest.fixture
def bare(tmp_path: Path) -> Environment:
    """An environment in which nothing is defined yet."""
    root = tmp_path / "contoso"
    for folder in ("connections", "exports"):
        (root / folder).mkdir(parents=True)
    (root / "environment.toml").write_text('[environment]\nname = "Contoso Coffee"\ntime_zone = "Europe/Oslo"\n')
    return Environment(root)


@pytest.fixture
def contoso(bare: Environment) -> Environment:
    """The environment of a company in the middle of its work; one export runs, one file is broken."""
    root = bare.root
    (root / "environment.toml").write_text(ENVIRONMENT)
    names = ("Mette,Hansen", "Jörg,Müller", "小明,王", "Éva,Kovács")
    lines = ["CustomerId,FirstName,LastName,EMail,LifetimeSpend,Loyal"]
    lines += [f"C{n:03},{names[n % 4]},user{n}@contoso.example,{n * 25},{'yes' if n % 2 else 'no'}" for n in range(40)]
    (root / "profiles.csv").write_text("\n".join(lines) + "\n")
    # Pictures show how old the file is.
    os.utime(root / "profiles.csv", (NOW.timestamp() - 7200,) * 2)
    account = 'account = { id = "a07e1n5", name = "Contoso Coffee" }\nexport_user = "ops1"'
    write_connection(
        root, "marketing", "Constant Contact, marketing", "administrators-and-contributors", "key-1", account
    )
    write_connection(root, "loyalty", "Loyalty programme", "administrators", "key-2", "")
    sign_in(bare, "marketing")
    write_export(root, "newsletter", "Newsletter, high value", number=1)
    write_export(root, "reactivation", "Reactivation", number=2)
    write_export(root, "tier", "Loyalty tier change", number=3, connection="loyalty")
    write_export(root, "winback", "Winback (test)", number=4, schedule="off")
    write_export(root, "old", "Old campaign", number=5, connection="")
    write_export(root, "spring", "春季活动 [all]", number=6, schedule="off")
    (root / "exports" / "broken.toml").write_text('id = "broken"\ndisplay_name = 5\n')
    with Ledger(bare.ledger_path, FixedClock()) as ledger:
        put_run(ledger, "aaaa0001", "reactivation", "Reactivation", Status.SUCCESSFUL, timedelta(hours=3), TOTALS)
        refused = structs.replace(TOTALS, accepted=400_000, refused=8_200)
        put_run(
            ledger, "aaaa0002", "tier", "Loyalty tier change", Status.COMPLETED_WITH_ERRORS, timedelta(days=1), refused
        )
        put_run(
            ledger,
            "aaaa0003",
            "old",
            "Old campaign",
            Status.SKIPPED,
            timedelta(days=2),
            Totals(),
            problem="The export has no connection.",
        )
        put_run(
            ledger,
            "7f3a0004",
            "newsletter",
            "Newsletter, high value",
            Status.PAUSED,
            timedelta(0),
            structs.replace(TOTALS, accepted=0, not_added=0, waiting=409_117),
            stage=Stage.SEND,
        )
    return bare
