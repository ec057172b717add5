"""An export's fields against those of the profiles, and the form's guess of the e-mail field."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cctui.definitions.model import AttributeMapping, DataMatching, ExportDefinition
from cctui.errors import ExitCode
from cctui.matching.mapping import MappingError, Matching, mapping_problems, matching_of, preselect_email
from cctui.profiles.source import Attribute

FIELDS = [Attribute(name) for name in ("CustomerId", "EMail", "FirstName", "DoNotEMail", "donotbulkemail", "Score")]


def export(*attributes: tuple[str, str], email: str = "EMail", suppress: bool = True) -> ExportDefinition:
    return ExportDefinition(
        id="news",
        display_name="News",
        list_id="3b1d6c1e-0000-4000-8000-000000000001",
        segments=["One"],
        data_matching=DataMatching(email=email),
        attributes=[AttributeMapping(attribute=attribute, field=field) for attribute, field in attributes],
        suppress_opted_out=suppress,
    )


def test_an_export_that_fits_becomes_a_matching() -> None:
    matching = matching_of(export(("first_name", "FirstName"), ("cf:score", "Score")), FIELDS)
    assert matching.headings == ("email", "first_name", "cf:score")
    assert matching.fields == ("EMail", "FirstName", "Score", "DoNotEMail", "donotbulkemail")
    assert matching.suppress_fields == ("DoNotEMail", "donotbulkemail")


def test_suppression_can_be_switched_off() -> None:
    assert matching_of(export(suppress=False), FIELDS) == Matching("EMail")


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        (export(email="Email"), "no field Email; did you mean EMail?"),
        (export(email="Telephone"), "no field Telephone."),
        (export(("first_name", "Firstname")), "did you mean FirstName?"),
        (export(("nickname", "FirstName")), "no attribute nickname"),
        (export(("first_name", "FirstName"), ("first_name", "Score")), "first_name is mapped twice"),
        (export(("email", "FirstName")), "email is mapped twice"),
        (export(("birthday_month", "Score")), "only together"),
        (export(*((f"cf:field{number}", "Score") for number in range(26))), "At most 25"),
    ],
)
def test_an_export_that_does_not_fit_is_told_what_is_wrong(definition: ExportDefinition, told: str) -> None:
    with pytest.raises(MappingError) as refused:
        matching_of(definition, FIELDS)
    assert told in str(refused.value)
    assert refused.value.exit_code is ExitCode.WRONG_USAGE


def test_all_problems_are_told_at_once() -> None:
    mappings = [AttributeMapping(attribute="nickname", field="Nick")]
    assert len(mapping_problems("Mail", mappings, FIELDS)) == 3


def named(*names: str) -> list[Attribute]:
    return [Attribute(name) for name in names]


def test_the_semantic_type_comes_before_the_name() -> None:
    attributes = [*named("Email"), Attribute("Contact", semantic_type="Identity.Service.Email")]
    assert preselect_email(attributes) == "Contact"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "EMail",
            "e-mail",
            "E-Mail-Adresse",
            "emailaddress1",
            "Primary Email",
            "msdynci_email",
            "E-post",
            "e-postadresse",
        ),
        *(
            "E-mail-cím",
            "Adresă de e-mail",
            "电子邮件",
            "邮箱",
            "Correo electrónico",
            "Courriel",
            "Mail",
            "CustomerEmail",
        ),
    ],
)
def test_the_name_is_known_in_many_languages(name: str) -> None:
    attributes = [*named("CustomerId", "EmailOptIn", "EmailStatus"), Attribute("HasEmail", "boolean"), *named(name)]
    assert preselect_email(attributes) == name


def test_the_plainest_name_wins() -> None:
    assert preselect_email(named("SecondEmail", "EmailAddress", "Email")) == "Email"


@pytest.mark.parametrize(
    "name", ["DoNotEMail", "donotBulkEmail", "EmailHash", "LastEmailDate", "EmailDomain", "IsEmail"]
)
def test_fields_about_mail_are_no_addresses(name: str) -> None:
    assert preselect_email(named("CustomerId", name)) is None


def test_values_decide_where_no_name_does() -> None:
    samples = {
        "CustomerId": ["1", "2"],
        "K1": ["a@example.com", None, "", "b@example.com", "n/a"],
        "K2": ["a@example.com", "x", "y"],
    }
    assert preselect_email(named("CustomerId", "K2", "K1"), samples) == "K1"
    assert preselect_email(named("CustomerId", "K2"), {"K2": samples["K2"]}) is None
    assert preselect_email([], {}) is None


def test_the_mapping_needs_no_database() -> None:
    """A form that opens must not wait for DuckDB and Arrow."""
    code = "import sys, cctui.matching.mapping, cctui.matching.reasons; print({'duckdb', 'pyarrow'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
