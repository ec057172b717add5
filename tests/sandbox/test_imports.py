"""Bulk imports: what is taken, cut, merged, refused and told (facts: bulk import, activities)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sandbox_caller import NEWS, Caller

from cctui.sandbox.lists import list_id_for


def test_an_import_creates_contacts_on_the_list_and_tells_its_counters(caller: Caller) -> None:
    reply = caller.send(
        "email,first_name,last_name\r\nAnna@Example.com,Anna,Berg\r\nbo@example.com,Bo,\r\n", "run-1.csv"
    )
    assert reply.status_code == 201
    assert reply.json()["state"] == "initialized"
    caller.switch("GET", "idle")

    activity = caller.get(f"activities/{reply.json()['activity_id']}").json()
    assert activity["state"] == "completed"
    assert activity["source_file_name"] == "run-1.csv"
    assert activity["percent_done"] == 100
    assert activity["status"] == {
        "items_total_count": 3,
        "person_count": 2,
        "error_count": 0,
        "correctable_count": 0,
        "cannot_add_to_list_count": 0,
    }
    assert activity["activity_errors"] == []
    assert {email: contact["first_name"] for email, contact in caller.members().items()} == {
        "anna@example.com": "Anna",
        "bo@example.com": "Bo",
    }


def test_a_known_address_is_updated_in_any_case_and_blanks_erase_nothing(caller: Caller) -> None:
    caller.imported("email,first_name,last_name,cf:Loyalty_tier\nanna@example.com,Anna,Berg,gold\n")
    caller.imported("email,first_name,last_name,job_title\nANNA@example.COM,,Lind,Baker\n")
    (anna,) = caller.members().values()
    assert (anna["first_name"], anna["last_name"]) == ("Anna", "Lind")
    assert anna["fields"] == {"cf:Loyalty_tier": "gold", "job_title": "Baker"}
    assert anna["times"] == 2


def test_duplicates_in_one_file_are_merged_in_silence(caller: Caller) -> None:
    activity = caller.imported("email,first_name\na@example.com,One\nb@example.com,Two\nA@EXAMPLE.com,Three\n")
    assert activity["status"]["person_count"] == 3
    assert activity["status"]["error_count"] == activity["status"]["correctable_count"] == 0
    assert caller.members()["a@example.com"]["first_name"] == "Three"
    assert len(caller.members()) == 2
    assert caller.stats()["written_more_than_once"] == 1


def test_unsubscribed_people_are_left_out_and_counted(caller: Caller) -> None:
    caller.switch("POST", "unsubscribe", json={"emails": ["Gone@example.com"]})
    activity = caller.imported("email\ngone@example.com\nhere@example.com\n")
    assert activity["status"]["cannot_add_to_list_count"] == 1
    assert set(caller.members()) == {"here@example.com"}
    assert (
        caller.get("contacts", email="gone@example.com").json()["contacts"][0]["email_address"]["permission_to_send"]
        == "unsubscribed"
    )


def test_deleted_people_come_back_with_their_data(caller: Caller) -> None:
    caller.imported("email,first_name\nanna@example.com,Anna\n")
    assert caller.switch("POST", "delete", json={"emails": ["anna@example.com"]}) == {"deleted": 1}
    assert caller.members() == {}
    caller.imported("email\nanna@example.com\n")
    assert caller.members()["anna@example.com"]["first_name"] == "Anna"


@pytest.mark.parametrize(
    "address",
    ["", "plain", "@example.com", "a b@example.com", "a@b", "a@@example.com", "a@example..com", "a.@example.com",
     ".a@example.com", "a,b@example.com", "a@exa mple.com", "(a)@example.com", "x" * 45 + "@e.com"],
)  # fmt: skip
def test_a_bad_address_is_correctable_and_described_by_its_line(caller: Caller, address: str) -> None:
    activity = caller.imported(f'email,first_name\ngood@example.com,A\n"{address}",B\nfine@example.com,C\n')
    assert activity["state"] == "completed"
    assert activity["status"]["correctable_count"] == 1
    assert activity["status"]["error_count"] == 0
    (text,) = activity["activity_errors"]
    assert text.startswith("Line 3: ")
    assert set(caller.members()) == {"good@example.com", "fine@example.com"}


def test_bad_dates_are_correctable_and_values_that_are_too_long_are_refused(caller: Caller) -> None:
    activity = caller.imported(
        "email,first_name,anniversary,birthday_month,birthday_day\n"
        "a@example.com,A,2020-01-31,1,31\n"
        "b@example.com,B,yesterday,,\n"
        "c@example.com,C,,13,1\n"
        f"d@example.com,{'D' * 51},,,\n"
    )
    assert activity["status"]["correctable_count"] == 2
    assert activity["status"]["error_count"] == 1
    assert [text.partition(":")[0] for text in activity["activity_errors"]] == ["Line 3", "Line 4", "Line 5"]
    assert set(caller.members()) == {"a@example.com"}


def test_the_number_of_texts_can_be_bounded(caller: Caller) -> None:
    caller.set(error_texts=2)
    activity = caller.imported("email\n" + "bad\n" * 5)
    assert activity["status"]["correctable_count"] == 5
    assert len(activity["activity_errors"]) == 2


@pytest.mark.parametrize("limit", [4_000_000, 4_194_304])
def test_what_lies_beyond_four_megabytes_is_dropped_in_silence(caller: Caller, limit: int) -> None:
    caller.set(body_limit=limit)
    rows = [f"person{number:05d}@example.com,{'x' * 50},{'y' * 50}\r\n" for number in range(39_000)]
    body = "email,first_name,last_name\r\n" + "".join(rows)
    assert len(body) > limit
    activity = caller.imported(body)
    assert activity["state"] == "completed"
    assert activity["status"]["correctable_count"] == activity["status"]["error_count"] == 0
    kept = activity["status"]["person_count"]
    row = len(rows[0])
    assert (limit - len("email,first_name,last_name\r\n")) // row - 3 <= kept <= limit // row
    assert len(caller.members()) == kept
    assert caller.stats()["imports"]["cut"] == 1


def test_what_lies_beyond_forty_thousand_lines_is_not_processed(caller: Caller) -> None:
    activity = caller.imported("email\n" + "".join(f"p{number}@example.com\n" for number in range(40_001)))
    assert activity["status"]["items_total_count"] == 40_000
    assert activity["status"]["person_count"] == 39_999
    assert caller.stats()["contacts"] == 39_999
    assert caller.stats()["imports"]["cut"] == 1


def test_values_with_quotes_line_breaks_and_every_script_arrive_as_they_were(caller: Caller) -> None:
    caller.imported('email,first_name,last_name\n"q@example.com","Ann ""the"" X, Y","李雷\n𝒵"\n'.encode())
    (person,) = caller.members().values()
    assert (person["first_name"], person["last_name"]) == ('Ann "the" X, Y', "李雷\n𝒵")


@pytest.mark.parametrize(
    ("body", "status"),
    [("first_name\nA\n", 400), ("email,nickname\na@example.com,x\n", 400), ("email,cf:unknown\na@example.com,x\n", 400),
     ("email,email\na@example.com,b@example.com\n", 400)],
)  # fmt: skip
def test_headings_that_cannot_be_imported_are_refused(caller: Caller, body: str, status: int) -> None:
    reply = caller.send(body)
    assert reply.status_code == status
    assert reply.json()[0]["error_key"] == "contacts.api.validation.error"
    assert caller.stats()["imports"]["count"] == 0


def test_wrong_files_and_content_types_are_refused_with_415(caller: Caller) -> None:
    assert caller.send("email\na@example.com\n", "batch.xlsx").status_code == 415
    assert caller.call("POST", "activities/contacts_file_import", json={"list_ids": [NEWS]}).status_code == 415
    assert caller.call("POST", "activities/contacts_json_import", content=b"{}").status_code == 415


def test_lists_that_are_unknown_deleted_malformed_or_too_many_are_refused(caller: Caller) -> None:
    body = "email\na@example.com\n"
    assert caller.send(body, lists=list_id_for("Nobody made this")).status_code == 404
    assert caller.send(body, lists="not-a-uuid").status_code == 400
    assert caller.send(body, lists=",".join(list_id_for(f"L{number}") for number in range(51))).status_code == 400
    assert caller.call("DELETE", f"contact_lists/{NEWS}").status_code == 202
    assert caller.send(body).status_code == 404
    wanted = {"import_data": [{"email": "a@example.com"}], "list_ids": [list_id_for("Nobody made this")]}
    assert caller.call("POST", "activities/contacts_json_import", json=wanted).status_code == 400


def test_one_import_can_serve_several_lists(caller: Caller) -> None:
    caller.imported("email\na@example.com\n", lists=NEWS)
    caller.imported("email\na@example.com\nb@example.com\n", lists=f"{NEWS},{list_id_for('Old customers')}")
    assert caller.stats()["members_by_name"] == {"News": 2, "Old customers": 2}


def test_a_json_import_counts_its_first_row_as_line_two_and_has_no_header(caller: Caller) -> None:
    rows = [
        {"email": "a@example.com", "first_name": "A", "birthday_month": 2, "birthday_day": 28},
        {"email": "nonsense"},
        {"email": "b@example.com", "home_city": "Oslo", "cf:Loyalty_tier": "gold"},
    ]
    reply = caller.call("POST", "activities/contacts_json_import", json={"import_data": rows, "list_ids": [NEWS]})
    assert reply.status_code == 201
    caller.switch("GET", "idle")
    activity = caller.get(f"activities/{reply.json()['activity_id']}").json()
    assert activity["status"]["items_total_count"] == activity["status"]["person_count"] == 3
    assert [text.partition(":")[0] for text in activity["activity_errors"]] == ["Line 3"]
    assert "source_file_name" not in activity
    assert caller.members()["b@example.com"]["fields"] == {"home_city": "Oslo", "cf:Loyalty_tier": "gold"}


def test_a_json_import_is_cut_at_the_same_places(caller: Caller) -> None:
    caller.set(body_limit=10_000, line_limit=40_000)
    rows = [{"email": f"p{number}@example.com", "first_name": "x" * 40} for number in range(500)]
    reply = caller.call("POST", "activities/contacts_json_import", json={"import_data": rows, "list_ids": [NEWS]})
    assert reply.status_code == 201
    caller.switch("GET", "idle")
    assert 100 < len(caller.members()) < 150
    caller.switch("POST", "reset", json={"settings": {"line_limit": 7}})
    caller.sign_in()
    caller.call("POST", "activities/contacts_json_import", json={"import_data": rows, "list_ids": [NEWS]})
    assert len(caller.members()) == 7


def test_activities_are_listed_newest_first_over_pages_whose_links_carry_everything(caller: Caller) -> None:
    names = [f"batch-{number}.csv" for number in range(7)]
    for name in names:
        caller.imported("email\na@example.com\n", name)
    found: list[str] = []
    path = "/v3/activities?limit=3&state=completed"
    while path:
        page = caller.call("GET", path.removeprefix("/v3/")).json()
        found += [activity["source_file_name"] for activity in page["activities"]]
        path = page.get("_links", {}).get("next", {}).get("href", "")
        assert not path or path.startswith("/v3/activities?limit=3&state=completed&cursor=")
    assert found == names[::-1]
    assert caller.get("activities", limit=501).status_code == 400
    assert caller.get("activities", state="initialized").status_code == 400


def test_states_change_over_time(caller: Caller) -> None:
    caller.set(initialized_seconds=3_600, processing_seconds=3_600)
    activity_id = caller.send("email\na@example.com\n").json()["activity_id"]
    caller.switch("GET", "idle")
    states = []
    for hours in (0, 1.5, 2.5):
        caller.set(clock_offset_hours=hours)
        activity = caller.get(f"activities/{activity_id}").json()
        states.append((activity["state"], "status" in activity, "completed_at" in activity))
    assert states == [("initialized", False, False), ("processing", False, False), ("completed", True, True)]


def test_activities_are_forgotten_after_ten_days(caller: Caller) -> None:
    caller.set(expires_in=86_400 * 30)
    caller.sign_in()
    activity = caller.imported("email\na@example.com\n")
    caller.set(clock_offset_hours=239)
    assert caller.get(f"activities/{activity['activity_id']}").status_code == 200
    caller.set(clock_offset_hours=241)
    assert caller.get(f"activities/{activity['activity_id']}").status_code == 404
    assert caller.get("activities").json()["activities"] == []


def test_more_than_the_queue_holds_is_refused(caller: Caller) -> None:
    caller.set(queue_limit=2, processing_seconds=3_600)
    replies = [caller.send("email\na@example.com\n") for _number in range(3)]
    assert [reply.status_code for reply in replies] == [201, 201, 429]
    assert "queued activities" in replies[2].json()[0]["error_message"]


def test_members_are_removed_by_contact_id_by_list_or_all(caller: Caller) -> None:
    caller.imported("email\n" + "".join(f"p{number}@example.com\n" for number in range(6)))
    caller.imported("email\np0@example.com\n", lists=list_id_for("Old customers"))
    found = caller.get("contacts", lists=NEWS, email="p5@example.com").json()["contacts"]

    def remove(**source: object) -> dict[str, int]:
        reply = caller.call("POST", "activities/remove_list_memberships", json={"source": source, "list_ids": [NEWS]})
        assert reply.status_code == 201, reply.text
        caller.switch("GET", "idle")
        return caller.get(f"activities/{reply.json()['activity_id']}").json()["status"]

    assert remove(contact_ids=[found[0]["contact_id"]])["items_completed_count"] == 1
    assert set(caller.members()) == {f"p{number}@example.com" for number in range(5)}
    assert remove(list_ids=[list_id_for("Old customers")])["items_total_count"] == 1
    assert set(caller.members()) == {f"p{number}@example.com" for number in range(1, 5)}
    remove(all_active_contacts=True)
    assert caller.members() == {}
    assert set(caller.members("Old customers")) == {"p0@example.com"}


def test_a_big_import_is_taken_while_other_calls_are_answered(caller: Caller) -> None:
    body = "email,first_name\n" + "".join(f"p{number}@example.com,Name\n" for number in range(39_999))
    ids = [caller.send(body, f"b{number}.csv").json()["activity_id"] for number in range(3)]
    states = {activity["activity_id"] for activity in caller.get("activities").json()["activities"]}
    assert states == set(ids)
    assert len(caller.members()) == 39_999
    stats = caller.stats()
    assert stats["imports"]["count"] == 3
    assert stats["imports"]["most_rows"] == 39_999
    assert stats["imports"]["rows"] == 3 * 39_999


def test_every_import_is_on_record_with_name_rows_and_fingerprint(caller: Caller) -> None:
    caller.imported("email\na@example.com\n", "one.csv")
    caller.imported("email\nb@example.com\nc@example.com\n", "two.csv")
    found = caller.switch("GET", "imports")["imports"]
    assert [(item["source_file_name"], item["rows"], item["list_ids"]) for item in found] == [
        ("one.csv", 1, [NEWS]),
        ("two.csv", 2, [NEWS]),
    ]
    assert all(len(item["sha256"]) == 64 for item in found)
    assert all(earlier["number"] < later["number"] for earlier, later in pairwise(found))
