"""Where alerts go: one address of Apprise's per file in ``secrets/alerts``, 0600, because it may hold a password.

Apprise (mail, Slack, Teams, a webhook and many more) is loaded when something is to be told, and nowhere else.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cctui.definitions.environment import Environment
from cctui.errors import CctuiError, UsageError
from cctui.host import files
from cctui.locales import _
from cctui.masking import harmless

_LONGEST = 4096
_SECONDS = 15.0


class AlertNotSent(CctuiError):
    """A message that did not arrive, or of which that is not known."""


def path_of(environment: Environment, name: str) -> Path:
    """The file of an address; ``name`` is an identifier, so that it leads nowhere else."""
    return environment.secrets_folder / "alerts" / name


def keep(environment: Environment, name: str, address: str) -> None:
    """Keep an address that Apprise knows what to do with, durably. Raises :class:`UsageError`, ``OSError``."""
    if not address or len(address) > _LONGEST or not address.isprintable() or not _known(address):
        raise UsageError(
            _("This is no address that an alert can go to."),
            why=_("It has the form of Apprise's addresses, for example jsons://host/path or mailto://…"),
            do=_("See https://appriseit.com/services/ for mail, Slack, Teams, webhooks and others."),
        )
    path = path_of(environment, name)
    files.private_folder(environment.secrets_folder)
    files.private_folder(path.parent)
    files.save(path, f"{address}\n".encode(), mode=0o600, keep_mode=False)


def forget(environment: Environment, name: str) -> None:
    """Remove an address, durably, where there is one."""
    path = path_of(environment, name)
    if path.exists() or path.is_symlink():
        path.unlink()
        files.disk.sync_folder(path.parent)


def tell(environment: Environment, name: str, title: str, text: str, *, trouble: bool) -> None:
    """Send one message, and wait until it is taken. Raises :class:`AlertNotSent`."""
    service = _service(_address(environment, name))
    if not service:
        raise AlertNotSent(_("Apprise does not know the address in {file}.").format(file=path_of(environment, name)))
    try:
        taken = service.notify(title=title, body=text or title, notify_type="warning" if trouble else "success")
    except Exception as problem:  # noqa: BLE001 - a hundred services, each with errors of its own
        raise AlertNotSent(_("The message was not taken."), why=type(problem).__name__) from None
    if not taken:
        raise AlertNotSent(
            _("The message was not taken."), do=_("Look at the address and the service: cctui alerts test")
        )


def _address(environment: Environment, name: str) -> str:
    path = path_of(environment, name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if os.fstat(descriptor).st_mode & 0o077:
                raise AlertNotSent(
                    _("Others may read {file}.").format(file=path), do=_("Mend it: chmod 600 {file}").format(file=path)
                )
            return file.read(_LONGEST).decode().strip()
    except FileNotFoundError:
        raise AlertNotSent(
            _("There is no address in {file}.").format(file=path), do=_("Give it again: cctui alerts add")
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror or "" if isinstance(problem, OSError) else _("It is no text.")
        raise AlertNotSent(_("The address in {file} cannot be read.").format(file=path), why=harmless(reason)) from None


def _known(address: str) -> bool:
    return bool(_service(address))


def _service(address: str) -> Any:
    """What Apprise sends through; it counts as false where Apprise does not know the address."""
    import apprise

    asset = apprise.AppriseAsset(
        app_id="cctui",
        app_desc="cctui",
        async_mode=False,
        http_redirects=False,
        secure_logging=True,
        service_timeout=_SECONDS,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    service = apprise.Apprise(asset=asset)
    service.add(address)
    return service
