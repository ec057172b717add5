"""What the client asks is in the vendor's API description, where that lies beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from cctui.definitions.model import ListId

DESCRIPTION = Path(__file__).parents[3] / "shared" / "specs" / "constant-contact-v3.yaml"
LIST = ListId("3b1d6c1e-0f6d-4a55-9d1c-0d9d1cf5a001")


@pytest.fixture(scope="module")
def paths() -> dict:
    if not DESCRIPTION.exists():
        pytest.skip("the description is not shipped with the project")
    import yaml

    return yaml.load(DESCRIPTION.read_text(encoding="utf-8"), yaml.CSafeLoader)["paths"]


def test_every_request_is_one_that_the_description_knows(paths, client, service, tmp_path: Path) -> None:
    body = tmp_path / "body.csv"
    body.write_text("email\r\nzoe@contoso.com\r\n")
    activity = {"activity_id": "7", "state": "initialized"}
    service.on("GET /v3/account/summary", (200, {"encoded_account_id": "a"}))
    service.on("GET /v3/account/user/privileges", (200, []))
    service.on("GET /v3/contact_lists", (200, {"lists": []}))
    service.on("POST /v3/contact_lists", (201, {"list_id": LIST, "name": "New"}))
    service.on(f"GET /v3/contact_lists/{LIST}", (200, {"list_id": LIST, "name": "New"}))
    service.on("GET /v3/contact_custom_fields", (200, {"custom_fields": []}))
    service.on("GET /v3/activities", (200, {"activities": []}))
    service.on("GET /v3/activities/7", (200, activity))
    service.on("POST /v3/activities/contacts_file_import", (201, activity))
    service.on("GET /v3/contacts/counts", (200, {"total": 0}))
    client.account()
    client.privileges()
    client.create_list("New")
    client.contact_list(LIST)
    client.activity("7")
    client.import_file(list_id=LIST, file_name="f.csv", body=body)
    client.contact_counts()
    for pages in (client.lists(), client.custom_fields(), client.activities()):
        assert list(pages) == []
    assert len(service.asked) == len(service.answers)
    for request, sent in zip(service.asked, service.bodies, strict=True):
        path = request.url.path.removeprefix("/v3").replace(LIST, "{list_id}").replace("/7", "/{activity_id}")
        operation = paths[path][request.method.lower()]
        known = {each["name"]: each for each in operation.get("parameters", [])}
        for name, value in request.url.params.items():
            assert known[name]["in"] == "query"
            assert value in known[name].get("enum", [value])
            if known[name]["type"] == "integer":
                assert known[name]["minimum"] <= int(value) <= known[name]["maximum"]
        if request.method == "POST":
            kind = request.headers["Content-Type"].partition(";")[0]
            assert kind in operation["consumes"]
            for name, each in known.items():
                if each["in"] == "formData" and each["required"]:
                    assert f'name="{name}"'.encode() in sent
