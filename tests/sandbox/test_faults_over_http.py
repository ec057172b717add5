"""Every fault of the stand-in, seen from a client; and which request meets it (facts: reliability, section 5)."""

from __future__ import annotations

import time

import httpx
import pytest
from sandbox_caller import NEWS, Caller

BODY = "email\na@example.com\nb@example.com\nc@example.com\nd@example.com\n"
CUT = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
IMPORT = "/v3/activities/contacts_file_import"


def statuses(caller: Caller, calls: int, path: str = "account/summary") -> list[int]:
    return [caller.get(path).status_code for _call in range(calls)]


def test_a_reset_before_the_body_leaves_nothing_behind(caller: Caller) -> None:
    caller.arm("reset-before-body", method="POST", path=IMPORT, nth=1)
    with pytest.raises(CUT):
        caller.send(BODY)
    assert caller.get("activities").json()["activities"] == []
    assert caller.send(BODY).status_code == 201


def test_a_reset_in_the_middle_of_the_body_leaves_nothing_behind(caller: Caller) -> None:
    caller.arm("reset-in-body", method="POST", path=IMPORT, nth=1)
    with pytest.raises(CUT):
        caller.send("email\n" + "".join(f"p{number}@example.com\n" for number in range(39_999)))
    assert caller.get("activities").json()["activities"] == []
    (entry,) = [item for item in caller.switch("GET", "requests")["requests"] if item.get("fault")]
    assert entry["fault"] == "reset-in-body"
    assert "status" not in entry
    assert 0 < entry["bytes"] < 900_000


def test_carried_out_without_an_answer_is_found_by_its_file_name(caller: Caller) -> None:
    caller.arm("no-answer", path="/v3/activities/*_import", nth=1)
    with pytest.raises(CUT):
        caller.send(BODY, "run-1-batch-1.csv")
    caller.switch("GET", "idle")
    (activity,) = caller.get("activities").json()["activities"]
    assert (activity["source_file_name"], activity["state"]) == ("run-1-batch-1.csv", "completed")
    assert len(caller.members()) == 4


def test_held_answers_look_like_time_outs_whether_carried_out_or_not(caller: Caller) -> None:
    caller.arm("no-answer", path=IMPORT, nth=1, seconds=30)
    caller.arm("black-hole", path=IMPORT, nth=2, seconds=30)
    for name in ("one.csv", "two.csv"):
        with pytest.raises(httpx.ReadTimeout):
            caller.call(
                "POST",
                "activities/contacts_file_import",
                files={"file": (name, BODY.encode(), "text/csv"), "list_ids": (None, NEWS)},
                timeout=httpx.Timeout(10, read=0.2),
            )
    (activity,) = caller.get("activities").json()["activities"]
    assert activity["source_file_name"] == "one.csv"


def test_a_black_hole_ends_with_a_cut(caller: Caller) -> None:
    caller.arm("black-hole", path=IMPORT, nth=1, seconds=0.05)
    with pytest.raises(CUT):
        caller.send(BODY)
    assert caller.stats()["imports"]["count"] == 0


def test_a_cut_answer_breaks_in_the_middle(caller: Caller) -> None:
    caller.arm("cut-answer", path=IMPORT, nth=1)
    with pytest.raises(httpx.RemoteProtocolError):
        caller.send(BODY)
    assert caller.stats()["imports"]["count"] == 1


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("500", 500, "internal.server.error"),
        ("502", 502, "<h1>502 Bad Gateway</h1>"),
        ("503", 503, "service.unavailable"),
        ("401", 401, "unauthorized"),
        ("403", 403, "Forbidden"),
        ("throttled", 429, '{"error_key":"throttled","error_message":"Too Many Requests"}'),
        ("quota-exceeded", 429, '{"error_key":"quota_exceeded","error_message":"Limit Exceeded"}'),
        ("queue-full", 429, "1,000 queued activities"),
    ],
)
def test_answers_of_a_service_in_trouble(caller: Caller, kind: str, status: int, words: str) -> None:
    caller.arm(kind, path=IMPORT, nth=1)
    reply = caller.send(BODY)
    assert reply.status_code == status
    assert words in reply.text
    assert "retry-after" not in reply.headers
    assert caller.stats()["imports"]["count"] == 0
    assert caller.send(BODY).status_code == 201


@pytest.mark.parametrize("kind", ["500", "502", "503"])
def test_a_server_error_can_come_after_the_work_was_done(caller: Caller, kind: str) -> None:
    caller.arm(kind, path=IMPORT, nth=1, carried_out=True)
    assert caller.send(BODY).status_code == int(kind)
    assert caller.stats()["imports"]["count"] == 1


def test_a_slow_answer_arrives_whole(caller: Caller) -> None:
    caller.arm("slow-drip", path=IMPORT, nth=1, seconds=0.3)
    began = time.monotonic()
    assert caller.send(BODY).json()["state"] == "initialized"
    assert time.monotonic() - began > 0.25


def test_answers_that_are_no_json_of_another_shape_or_empty(caller: Caller) -> None:
    for nth, kind in enumerate(("wrong-json", "wrong-shape", "empty-body"), start=1):
        caller.arm(kind, path="/v3/activities", method="GET", nth=nth)
    broken, strange, empty = (caller.get("activities") for _call in range(3))
    with pytest.raises(ValueError, match=r".+"):
        broken.json()
    assert isinstance(strange.json(), list)
    assert (empty.status_code, empty.content) == (200, b"")
    assert caller.get("activities").json() == {"activities": []}


def test_a_next_link_can_lead_to_itself(caller: Caller) -> None:
    caller.arm("looping-next", path="/v3/contact_lists", times=1)
    page = caller.get("contact_lists", limit=1).json()
    assert page["_links"]["next"]["href"] == "/v3/contact_lists?limit=1"


@pytest.mark.parametrize(
    ("kind", "state", "written"),
    [("failed", "failed", 2), ("timed-out", "timed_out", 2), ("cancelled", "cancelled", 2)],
)
def test_jobs_that_end_badly_have_written_a_part(caller: Caller, kind: str, state: str, written: int) -> None:
    caller.arm(kind, nth=1)
    assert caller.imported(BODY)["state"] == state
    assert len(caller.members()) == written
    assert caller.imported(BODY)["state"] == "completed"
    assert len(caller.members()) == 4


def test_a_part_may_be_nothing(caller: Caller) -> None:
    caller.arm("failed", part=0)
    caller.imported(BODY)
    assert caller.members() == {}


def test_a_job_can_be_stuck_for_ever(caller: Caller) -> None:
    caller.arm("stuck", nth=1)
    activity = caller.imported(BODY)
    assert activity["state"] == "processing"
    caller.set(clock_offset_hours=23)
    assert caller.get(f"activities/{activity['activity_id']}").json()["state"] == "processing"


def test_a_job_can_vanish_though_it_was_carried_out(caller: Caller) -> None:
    caller.arm("vanished", nth=1)
    assert "activity_id" not in caller.imported(BODY)
    assert caller.get("activities").json()["activities"] == []
    assert len(caller.members()) == 4


def test_a_job_can_vanish_later_and_come_back(caller: Caller) -> None:
    activity = caller.imported(BODY, "later.csv")
    caller.switch("POST", "activities", json={"file_name": "later.csv", "fate": "vanished"})
    assert caller.get(f"activities/{activity['activity_id']}").status_code == 404
    caller.switch("POST", "activities", json={"activity_id": activity["activity_id"], "fate": None})
    assert caller.get(f"activities/{activity['activity_id']}").json()["state"] == "completed"


def test_counters_and_file_names_can_be_missing(caller: Caller) -> None:
    caller.arm("missing-counters", nth=1)
    caller.arm("no-file-name", nth=2)
    assert set(caller.imported(BODY)["status"]) == {"items_total_count"}
    assert "source_file_name" not in caller.imported(BODY)


def test_the_clock_of_the_service_can_be_off_by_hours_for_one_job(caller: Caller) -> None:
    caller.arm("clock", path=IMPORT, nth=1, hours=-5)
    early = caller.imported(BODY)
    right = caller.imported(BODY)
    assert early["created_at"] < right["created_at"]
    assert early["created_at"][:13] != right["created_at"][:13]


def test_a_connection_can_be_refused_at_the_door(caller: Caller) -> None:
    caller.arm("refuse", nth=2)
    assert caller.get("account/summary").status_code == 200
    with pytest.raises((httpx.ConnectError, *CUT)):
        caller.get("account/summary")
    assert statuses(caller, 2) == [200, 200]
    assert caller.stats()["requests"] == 3


def test_the_service_can_be_down_for_a_while(caller: Caller) -> None:
    caller.arm("down", nth=1, seconds=2.0)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{caller.sandbox.api}/account/summary")
    answered = []
    for _try in range(200):
        try:
            answered.append(httpx.get(f"{caller.sandbox.api}/account/summary").status_code)
            break
        except httpx.ConnectError:
            time.sleep(0.02)
    assert answered == [401]


def test_faults_are_met_by_number_by_rhythm_and_so_many_times(caller: Caller) -> None:
    caller.arm("503", method="GET", path="/v3/account", nth=2)
    assert statuses(caller, 4) == [200, 503, 200, 200]
    caller.switch("DELETE", "faults")
    caller.arm("503", nth=2, times=2)
    assert statuses(caller, 5) == [200, 503, 503, 200, 200]
    caller.switch("DELETE", "faults")
    caller.arm("503", every=3)
    assert statuses(caller, 6) == [200, 200, 503, 200, 200, 503]
    caller.switch("DELETE", "faults")
    caller.arm("503", times=2)
    assert statuses(caller, 3) == [503, 503, 200]


def test_a_seed_replays_exactly(caller: Caller) -> None:
    def run(seed: int) -> list[int]:
        caller.switch("DELETE", "faults")
        caller.arm("503", share=0.4, seed=seed)
        return statuses(caller, 30)

    first = run(7)
    assert first == run(7)
    assert first != run(8)
    assert 3 < first.count(503) < 25


def test_faults_are_told_with_their_counts_and_ended_one_by_one(caller: Caller) -> None:
    caller.switch("POST", "faults", json=[{"kind": "503", "path": "/v3/contacts"}, {"kind": "500", "nth": 9}])
    statuses(caller, 2, "contacts")
    armed = caller.switch("GET", "faults")["faults"]
    assert [(item["fault"]["kind"], item["matched"], item["fired"]) for item in armed] == [("503", 2, 2), ("500", 2, 0)]
    caller.switch("DELETE", "faults", params={"id": armed[0]["id"]})
    assert statuses(caller, 1, "contacts") == [200]


def test_faults_can_be_there_from_the_start_and_on_the_sign_in(caller: Caller) -> None:
    caller.switch("POST", "reset", json={"settings": {"faults": [{"kind": "503", "path": "/oauth2", "nth": 1}]}})
    tokens = caller.sign_in()
    assert caller.refresh(tokens["refresh_token"]).status_code == 503
    assert caller.refresh(tokens["refresh_token"]).status_code == 200


def test_the_switches_never_meet_a_fault(caller: Caller) -> None:
    caller.arm("reset-before-body")
    assert caller.stats()["requests"] == 0
    assert len(caller.switch("GET", "faults")["faults"]) == 1
