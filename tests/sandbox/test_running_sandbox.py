"""The stand-in as a process: starting, stopping, starting again with what it had."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from sandbox_caller import NEWS, NO_LIMITS, Caller

from cctui.sandbox import running


def test_two_of_them_do_not_know_each_other(tmp_path: Path) -> None:
    with (
        running.start(tmp_path / "one", settings=NO_LIMITS) as one,
        running.start(tmp_path / "two", settings=NO_LIMITS) as two,
    ):
        assert one.port != two.port
        first = Caller(one)
        first.sign_in()
        first.imported("email\na@example.com\n")
        assert one.ask("stats")["contacts"] == 1
        assert two.ask("stats")["contacts"] == 0
        assert os.getsid(one.process.pid) == one.process.pid != os.getsid(0)


def test_it_keeps_everything_over_a_restart_on_the_same_port(tmp_path: Path) -> None:
    with running.start(tmp_path / "s", settings=NO_LIMITS) as sandbox:
        caller = Caller(sandbox)
        tokens = caller.sign_in()
        caller.imported("email,first_name\na@example.com,Anna\n", "kept.csv")
        made = caller.call("POST", "contact_lists", json={"name": "Made"}).json()
    assert sandbox.process.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{sandbox.base_url}/sandbox/health")

    with running.start(tmp_path / "s", port=sandbox.port, settings=NO_LIMITS) as again:
        assert again.base_url == sandbox.base_url
        caller = Caller(again)
        caller.access_token = tokens["access_token"]
        assert [item["source_file_name"] for item in caller.get("activities").json()["activities"]] == ["kept.csv"]
        assert caller.members()["a@example.com"]["first_name"] == "Anna"
        assert caller.get(f"contact_lists/{made['list_id']}").json()["name"] == "Made"
        assert caller.refresh(tokens["refresh_token"]).status_code == 200


def test_an_import_that_was_taken_before_the_end_is_processed_after_it(tmp_path: Path) -> None:
    body = "email\n" + "".join(f"p{number}@example.com\n" for number in range(39_999))
    with running.start(tmp_path / "s", settings=NO_LIMITS) as sandbox:
        caller = Caller(sandbox)
        caller.sign_in()
        assert caller.send(body, "last.csv").status_code == 201
        sandbox.process.send_signal(signal.SIGKILL)
        sandbox.process.wait()
    with running.start(tmp_path / "s", settings=NO_LIMITS) as again:
        caller = Caller(again)
        caller.sign_in()
        caller.switch("GET", "idle")
        (activity,) = caller.get("activities").json()["activities"]
        assert (activity["source_file_name"], activity["state"]) == ("last.csv", "completed")
        assert again.ask("stats")["members"][NEWS] == 39_999


def test_a_folder_serves_one_at_a_time(tmp_path: Path) -> None:
    with running.start(tmp_path / "s"), pytest.raises(running.SandboxFailed, match="Another sandbox uses this folder"):
        running.start(tmp_path / "s")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(running.SandboxFailed, match=f"cannot listen on port {port}"):
            running.start(tmp_path / "s", port=port)


def test_settings_that_do_not_fit_are_told(tmp_path: Path) -> None:
    with pytest.raises(running.SandboxFailed, match=r"settings do not fit.*no_such"):
        running.start(tmp_path / "s", settings={"no_such": 1})


def test_it_listens_on_the_loopback_only_and_its_folder_is_private(tmp_path: Path) -> None:
    with running.start(tmp_path / "s") as sandbox:
        table = Path("/proc/net/tcp").read_text(encoding="ascii")
        listening = [line.split()[1] for line in table.splitlines()[1:] if line.split()[3] == "0A"]
        addresses = {place.split(":")[0] for place in listening if int(place.split(":")[1], 16) == sandbox.port}
        assert addresses == {"0100007F"}
        assert (tmp_path / "s").stat().st_mode & 0o077 == 0


_STARTER = """
import sys
from pathlib import Path
from cctui.sandbox import running
sandbox = running.start(Path(sys.argv[1]), outlive=sys.argv[2] == "outlive")
sys.stdout.write(f"{sandbox.process.pid} {sandbox.port}\\n")
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.mark.parametrize("fate", ["follow", "outlive"])
def test_it_ends_with_the_process_that_started_it_unless_told_otherwise(tmp_path: Path, fate: str) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(tmp_path / "s"), fate], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    pid, port = (int(text) for text in starter.stdout.readline().split())
    descriptor = os.pidfd_open(pid)
    starter.kill()
    starter.communicate()
    if fate == "outlive":
        assert httpx.get(f"http://127.0.0.1:{port}/sandbox/health").json() == {"ready": True}
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
    ended, _writable, _broken = select.select([descriptor], [], [], 20)
    os.close(descriptor)
    assert ended
