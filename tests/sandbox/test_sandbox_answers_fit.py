"""The stand-in's answers held against the public API description, where that file is at hand."""

from __future__ import annotations

import pytest
from description import Description, NotAsDescribed, load
from sandbox_caller import NEWS, Caller


@pytest.fixture
def description() -> Description:
    found = load()
    if found is None:
        pytest.skip("the API description is not beside the project")
    return found


def test_every_answer_is_as_described(caller: Caller, description: Description) -> None:
    caller.set(body_limit=4_000_000)
    caller.switch("POST", "unsubscribe", json={"emails": ["gone@example.com"]})
    caller.switch("POST", "lists", json={"names": ["Spare"]})
    caller.imported(
        "email,first_name,job_title,cf:Loyalty_tier\na@example.com,A,Baker,gold\nbad,B,,\ngone@example.com,,,\n"
    )
    caller.switch("POST", "delete", json={"emails": ["gone@example.com"]})
    made = caller.call("POST", "contact_lists", json={"name": "Made"}).json()
    contact = caller.get("contacts", email="a@example.com").json()["contacts"][0]["contact_id"]
    rows = {"import_data": [{"email": "j@example.com"}], "list_ids": [NEWS]}
    removal = {"source": {"contact_ids": [contact]}, "list_ids": [NEWS]}
    files = {"file": ("b.csv", b"email\nb@example.com\n", "text/csv"), "list_ids": (None, NEWS)}
    calls = [
        ("GET", "account/summary", 200, {}),
        ("GET", "account/user/privileges", 200, {}),
        ("GET", "contact_lists?limit=1&include_count=true&include_membership_count=all&status=all", 200, {}),
        ("GET", f"contact_lists/{NEWS}?include_membership_count=active", 200, {}),
        ("POST", "contact_lists", 201, {"json": {"name": "Another"}}),
        ("POST", "contact_lists", 409, {"json": {"name": "Another"}}),
        ("PUT", f"contact_lists/{made['list_id']}", 200, {"json": {"name": "Remade", "description": "x"}}),
        ("DELETE", f"contact_lists/{made['list_id']}", 202, {"headers": {"Content-Type": "application/json"}}),
        ("GET", "contacts?status=all&include=list_memberships,custom_fields&include_count=true&limit=1", 200, {}),
        ("GET", "contacts?status=all&limit=500", 200, {}),
        ("GET", "contacts/counts", 200, {}),
        ("GET", "contact_custom_fields?limit=100", 200, {}),
        ("POST", "contact_custom_fields", 201, {"json": {"label": "Size", "type": "string"}}),
        ("GET", "activities?limit=500", 200, {}),
        ("GET", "activities?limit=1&state=completed", 200, {}),
        ("POST", "activities/contacts_file_import", 201, {"files": files}),
        ("POST", "activities/contacts_json_import", 201, {"json": rows}),
        ("POST", "activities/contacts_json_import", 400, {"json": {"import_data": []}}),
        ("POST", "activities/remove_list_memberships", 201, {"json": removal}),
        ("GET", "activities/00000000-0000-4000-8000-000000000000", 404, {}),
        ("GET", "contact_lists?limit=0", 400, {}),
    ]
    for method, path, status, options in calls:
        reply = caller.call(method, path, **options)
        assert (method, path, reply.status_code) == (method, path, status), reply.text
        description.check_answer(method, "/v3/" + path.partition("?")[0], status, reply.json())
    caller.switch("GET", "idle")
    for activity in caller.get("activities").json()["activities"]:
        description.check_answer("GET", f"/v3/activities/{activity['activity_id']}", 200, activity)


def test_recorded_requests_fit_the_description(caller: Caller, description: Description) -> None:
    caller.set(record_requests=True)
    caller.get("contact_lists", include_membership_count="all", limit=500)
    caller.send("email\na@example.com\n")
    rows = {"import_data": [{"email": "j@example.com", "cf:Loyalty_tier": "gold"}], "list_ids": [NEWS]}
    caller.call("POST", "activities/contacts_json_import", json=rows)
    caller.call("GET", "activities?limit=1")
    entries = caller.switch("GET", "requests", params={"full": "1"})["requests"]
    assert len(entries) == 4
    for entry in entries:
        description.check_recorded(entry)
    upload = entries[1]
    assert upload["form"] == {
        "file": {"file_name": "batch.csv", "content_type": "text/csv", "first_line": "email"},
        "list_ids": NEWS,
    }
    assert "authorization" not in upload["headers"]
    plain = caller.switch("GET", "requests")["requests"]
    assert not any({"headers", "json", "form"} & set(entry) for entry in plain)


@pytest.mark.parametrize(
    ("method", "path", "query", "content_type", "body", "form"),
    [
        ("GET", "/v3/nothing", "", None, None, None),
        ("GET", "/contact_lists", "", None, None, None),
        ("DELETE", "/v3/contact_lists", "", None, None, None),
        ("GET", "/v3/contact_lists", "limit=many", None, None, None),
        ("GET", "/v3/activities", "limit=501", None, None, None),
        ("GET", "/v3/activities", "state=initialized", None, None, None),
        ("GET", "/v3/contact_lists", "include_count=yes", None, None, None),
        ("GET", "/v3/contact_lists", "colour=red", None, None, None),
        ("GET", "/v3/contact_lists/not-a-uuid", "", None, None, None),
        ("POST", "/v3/contact_lists", "", "application/json", b'{"description": "x"}', None),
        ("POST", "/v3/contact_lists", "", "application/json", b'{"name": "x", "colour": "red"}', None),
        ("POST", "/v3/contact_lists", "", "text/plain", b'{"name": "x"}', None),
        ("POST", "/v3/contact_lists", "", "application/json", None, None),
        (
            "POST",
            "/v3/activities/contacts_json_import",
            "",
            "application/json",
            b'{"import_data": [{"email": null}], "list_ids": []}',
            None,
        ),
        ("POST", "/v3/activities/contacts_file_import", "", "application/json", None, {}),
        (
            "POST",
            "/v3/activities/contacts_file_import",
            "",
            "multipart/form-data; boundary=x",
            None,
            {"list_ids": NEWS},
        ),
        (
            "POST",
            "/v3/activities/contacts_file_import",
            "",
            "multipart/form-data",
            None,
            {"file": {}, "list_ids": "News"},
        ),
        (
            "POST",
            "/v3/activities/contacts_file_import",
            "",
            "multipart/form-data",
            None,
            {"file": "text", "list_ids": NEWS},
        ),
        (
            "POST",
            "/v3/activities/contacts_file_import",
            "",
            "multipart/form-data",
            None,
            {"file": {}, "list_ids": NEWS, "more": "x"},
        ),
    ],
)
def test_wrong_requests_are_found_out(
    description: Description,
    method: str,
    path: str,
    query: str,
    content_type: str | None,
    body: bytes | None,
    form: dict[str, object] | None,
) -> None:
    with pytest.raises(NotAsDescribed):
        description.check_request(method, path, query, content_type, body, form)


def test_wrong_answers_are_found_out(description: Description) -> None:
    with pytest.raises(NotAsDescribed):
        description.check_answer("GET", "/v3/contact_lists", 200, {"lists": [{"list_id": "x", "name": "News"}]})
    with pytest.raises(NotAsDescribed):
        description.check_answer("GET", "/v3/contact_lists", 200, {"lists": [], "colour": "red"})
    with pytest.raises(NotAsDescribed):
        description.check_answer("GET", "/v3/contact_lists", 418, [])
