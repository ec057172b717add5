"""Pace, quota, lists, contacts and custom fields of the stand-in (facts: limits, contact lists, contacts)."""

from __future__ import annotations

import pytest
from sandbox_caller import NEWS, Caller

from cctui.sandbox.lists import list_id_for


def test_the_fifth_request_of_a_second_is_throttled_without_a_hint_when_to_come_again(caller: Caller) -> None:
    caller.set(rate_per_second=4, rate_tolerance=0.0)
    replies = [caller.get("account/summary") for _call in range(5)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 200, 429]
    assert replies[4].json() == {"error_key": "throttled", "error_message": "Too Many Requests"}
    assert "retry-after" not in replies[4].headers
    (key,) = caller.stats()["keys"].values()
    assert (key["busiest_second"], key["throttled"]) == (5, 1)


def test_each_key_has_a_pace_of_its_own(caller: Caller) -> None:
    caller.set(rate_per_second=2, rate_tolerance=0.0)
    caller.sign_in(client_id="00000000-0000-4000-8000-000000000001")
    first = [caller.get("account/summary").status_code for _call in range(3)]
    caller.sign_in(client_id="00000000-0000-4000-8000-000000000002")
    second = [caller.get("account/summary").status_code for _call in range(3)]
    assert first == second == [200, 200, 429]


def test_the_quota_ends_at_midnight_utc(caller: Caller) -> None:
    caller.set(daily_quota=3)
    replies = [caller.get("account/summary") for _call in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert replies[3].json() == {"error_key": "quota_exceeded", "error_message": "Limit Exceeded"}
    caller.set(clock_offset_hours=24)
    caller.sign_in()
    assert caller.get("account/summary").status_code == 200


def test_the_switches_are_not_counted(caller: Caller) -> None:
    caller.get("account/summary")
    for _call in range(3):
        stats = caller.stats()
    assert stats["requests"] == 1
    assert stats["requests_by_status"] == {"GET /v3/account/summary 200": 1}


def test_lists_are_seeded_with_ids_made_from_their_names(caller: Caller) -> None:
    found = caller.get("contact_lists", include_count="true").json()
    assert {item["name"]: item["list_id"] for item in found["lists"]} == {
        "News": list_id_for("News"),
        "Old customers": list_id_for("Old customers"),
    }
    assert found["lists_count"] == 2
    assert all("membership_count" not in item for item in found["lists"])
    assert caller.switch("GET", "lists") == {"News": NEWS, "Old customers": list_id_for("Old customers")}


def test_lists_come_in_pages(caller: Caller) -> None:
    caller.switch("POST", "lists", json={"names": [f"List {number}" for number in range(5)]})
    path, names = "contact_lists?limit=3&include_count=true", []
    while path:
        page = caller.call("GET", path).json()
        names += [item["name"] for item in page["lists"]]
        path = page.get("_links", {}).get("next", {}).get("href", "").removeprefix("/v3/")
    assert sorted(names) == sorted(["News", "Old customers", *(f"List {number}" for number in range(5))])


def test_a_list_is_made_renamed_and_deleted(caller: Caller) -> None:
    made = caller.call("POST", "contact_lists", json={"name": "Spring", "favorite": True})
    assert made.status_code == 201
    list_id = made.json()["list_id"]
    assert caller.call("POST", "contact_lists", json={"name": "Spring"}).status_code == 409
    assert caller.call("POST", "contact_lists", json={"name": "x" * 256}).status_code == 400
    assert caller.call("POST", "contact_lists", json={}).status_code == 400
    assert caller.call("PUT", f"contact_lists/{list_id}", json={"name": "Summer"}).json()["name"] == "Summer"
    assert caller.call("PUT", f"contact_lists/{list_id}", json={"name": "News"}).status_code == 409

    caller.imported("email\na@example.com\n", lists=list_id)
    deleted = caller.call("DELETE", f"contact_lists/{list_id}")
    assert deleted.status_code == 202
    caller.switch("GET", "idle")
    assert caller.get(f"activities/{deleted.json()['activity_id']}").json()["state"] == "completed"
    assert caller.get(f"contact_lists/{list_id}").status_code == 404
    assert caller.get("contact_lists", name="Summer").json()["lists"] == []
    assert caller.get("contact_lists", name="Summer", status="all").json()["lists"][0]["deleted_at"]
    assert (
        caller.get("contacts", email="a@example.com", include="list_memberships").json()["contacts"][0][
            "list_memberships"
        ]
        == []
    )


def test_membership_counts_are_of_all_or_of_those_who_may_be_mailed(caller: Caller) -> None:
    caller.imported("email\na@example.com\nb@example.com\nc@example.com\n")
    caller.switch("POST", "unsubscribe", json={"emails": ["b@example.com"]})
    path = f"contact_lists/{NEWS}"
    assert caller.get(path, include_membership_count="all").json()["membership_count"] == 3
    assert caller.get(path, include_membership_count="active").json()["membership_count"] == 2
    assert "membership_count" not in caller.get(path).json()
    assert caller.get(path, include_membership_count="some").status_code == 400
    assert caller.get(f"contact_lists/{list_id_for('none')}").status_code == 404


def test_membership_counts_can_lag_behind(caller: Caller) -> None:
    path = f"contact_lists/{NEWS}"
    assert caller.get(path, include_membership_count="all").json()["membership_count"] == 0
    caller.set(membership_lag=3_600)
    caller.imported("email\na@example.com\n")
    assert caller.get(path, include_membership_count="all").json()["membership_count"] == 0
    caller.set(membership_lag=0)
    assert caller.get(path, include_membership_count="all").json()["membership_count"] == 1


def test_contacts_are_found_by_address_status_list_and_page(caller: Caller) -> None:
    caller.imported("email,first_name\n" + "".join(f"p{number}@example.com,N\n" for number in range(7)))
    caller.switch("POST", "unsubscribe", json={"emails": ["p1@example.com", "never@example.com"]})
    caller.switch("POST", "delete", json={"emails": ["p2@example.com"]})

    def addresses(**query: str) -> set[str]:
        return {item["email_address"]["address"][:2] for item in caller.get("contacts", **query).json()["contacts"]}

    assert addresses() == {"p0", "p1", "p3", "p4", "p5", "p6", "ne"}
    assert addresses(status="active") == {"p0", "p3", "p4", "p5", "p6"}
    assert addresses(status="unsubscribed") == {"p1", "ne"}
    assert addresses(status="deleted,unsubscribed") == {"p1", "ne", "p2"}
    assert addresses(status="all") == {"p0", "p1", "p2", "p3", "p4", "p5", "p6", "ne"}
    assert addresses(lists=NEWS) == {"p0", "p1", "p3", "p4", "p5", "p6"}
    assert addresses(email="P3@EXAMPLE.com") == {"p3"}
    assert addresses(status="unsubscribed", optout_after="2020-01-01T00:00:00Z") == {"p1", "ne"}
    assert addresses(status="unsubscribed", optout_before="2020-01-01T00:00:00Z") == set()
    assert addresses(updated_after="2999-01-01T00:00:00Z") == set()
    assert caller.get("contacts", status="lost").status_code == 400
    assert caller.get("contacts", updated_after="yesterday").status_code == 400

    found, path = [], "contacts?limit=3&include_count=true&status=all"
    while path:
        page = caller.call("GET", path).json()
        assert page["contacts_count"] == 8
        found += page["contacts"]
        path = page.get("_links", {}).get("next", {}).get("href", "").removeprefix("/v3/")
    assert len({item["contact_id"] for item in found}) == 8


def test_counts_are_by_permission(caller: Caller) -> None:
    caller.imported("email\na@example.com\nb@example.com\n")
    caller.switch("POST", "unsubscribe", json={"emails": ["b@example.com"]})
    assert caller.get("contacts/counts").json() == {
        "total": 2,
        "explicit": 0,
        "implicit": 1,
        "pending": 0,
        "unsubscribed": 1,
    }


def test_custom_fields_are_listed_and_made(caller: Caller) -> None:
    (field,) = caller.get("contact_custom_fields").json()["custom_fields"]
    assert (field["label"], field["name"]) == ("Loyalty tier", "Loyalty_tier")
    assert caller.call("POST", "contact_custom_fields", json={"label": "Size", "type": "string"}).status_code == 201
    assert caller.call("POST", "contact_custom_fields", json={"label": "Size", "type": "string"}).status_code == 409
    assert caller.get("contact_custom_fields", limit=101).status_code == 400


@pytest.mark.parametrize("path", ["contact_lists", "contacts", "activities", "account/summary"])
def test_nobody_is_let_in_without_a_token(stranger: Caller, path: str) -> None:
    assert stranger.get(path).status_code == 401


def test_what_is_not_there_and_what_is_not_allowed_answer_in_json(caller: Caller) -> None:
    assert caller.get("nothing").status_code == 404
    assert caller.call("PATCH", "contact_lists").status_code == 405
    assert caller.http.put("/sandbox/settings", json={"no_such": 1}).status_code == 400
    assert caller.http.post("/sandbox/faults", json={"kind": "no-such"}).status_code == 400


def test_answers_carry_the_ids_of_the_gateway(caller: Caller) -> None:
    first, second = caller.get("account/summary"), caller.get("account/summary")
    assert first.headers["x-amzn-RequestId"] != second.headers["x-amzn-RequestId"]
    assert first.headers["date"].endswith("GMT")
