"""The rows of the sample: believable people with the dirt of real life, as expressions that DuckDB evaluates.

Per thousand profiles about: 8 without an address, 12 with a malformed one (:data:`MALFORMED` kinds), 10 with the
address of somebody else in other letters, 2 with a very long one, 23 who opted out, 5 with names that hurt.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cctui.sandbox.sample_names import CULTURES, PER_CULTURE

if TYPE_CHECKING:
    import duckdb

COLUMNS = (
    ("CustomerId", "string"),
    ("FirstName", "string"),
    ("LastName", "string"),
    ("EMail", "string"),
    ("Telephone1", "string"),
    ("City", "string"),
    ("Country", "string"),
    ("DateOfBirth", "date"),
    ("LoyaltyTier", "string"),
    ("LifetimeSpend", "decimal"),
    ("doNotEmail", "boolean"),
    ("donotBulkEmail", "boolean"),
    ("doNotContact", "boolean"),
)
_DOMAINS = (
    *("example.com",) * 5,
    *("example.net", "example.org", "mail.example.com", "shop.example.net", "news.example.org", "contoso.com"),
    "fabrikam.com",
)
_STEP = 7_368_787
"""A prime: profiles are dealt to segments in steps of it, so that each segment gets its exact number, scattered."""

MALFORMED = (
    "m.letters || m.domain",
    "m.letters || '@@' || m.domain",
    "m.letters || '@' || m.domain || '.'",
    "m.given_letters || ' ' || m.family_letters || m.tag || '@' || m.domain",
    "m.letters || '@example'",
    "m.given_letters || '..' || m.family_letters || m.tag || '@' || m.domain",
    "'.' || m.letters || '@' || m.domain",
    "repeat('x', 66) || m.tag || '@' || m.domain",
    "m.letters || '@example,com'",
    "m.given_name || ' <' || m.letters || '@' || m.domain || '>'",
    "'n/a'",
    "m.letters || '@-' || m.domain",
    "m.letters || '@[127.0.0.1]'",
    "m.letters || chr(8203) || '@' || m.domain",
    "m.letters || '@' || m.domain || ';' || m.given_letters || '@' || m.domain",
    "'mailto:' || m.letters || '@' || m.domain",
    "'@' || m.domain",
    "m.letters || '@'",
    "m.letters || ' at ' || m.domain",
    "m.letters || chr(7) || '@' || m.domain",
    "m.letters || '@' || repeat('a', 70) || '.example.com'",
    "'unknown'",
)
"""Ways in which an address is none, as expressions."""

_MISSING = ("NULL", "''", "'   '")
_STRANGE_GIVEN = (
    "given_name || chr(0) || chr(7)",
    "'\"' || given_name || '\" Ace'",
    "given_name || ', Dr.'",
    "given_name || chr(10) || 'c/o ' || family_name",
    "given_name || chr(13) || chr(10) || 'Floor 2'",
    "repeat(given_name || ' ', 20)",
    "chr(27) || '[31m' || given_name",
    "chr(8238) || given_name",
    "'=SUM(1;1)'",
    "'  ' || given_name || chr(160)",
)


def connect(seed: int, profiles: int) -> duckdb.DuckDBPyConnection:
    """A database that knows how to make the profiles of ``seed``, in bounded memory."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "256MB", "threads": 2, "preserve_insertion_order": True})
    connection.execute("SET enable_progress_bar = false")  # it would draw on standard output
    people = [name.split(":") for culture in CULTURES for name in culture.given.split()]
    families = [name.split(":") for culture in CULTURES for name in culture.family.split()]
    lists = {
        "culture": [str(number) for number, culture in enumerate(CULTURES) for _each in range(culture.share)],
        "given": [name for name, _letters in people],
        "given_letters": [letters for _name, letters in people],
        "family": [name for name, _letters in families],
        "family_letters": [letters for _name, letters in families],
        "city": [city for culture in CULTURES for city in culture.cities],
        "country": [culture.country for culture in CULTURES],
        "dialling": [culture.dialling for culture in CULTURES],
        "domain": list(_DOMAINS),
    }
    for name, values in lists.items():
        connection.execute(f"SET VARIABLE {name} = ?", [values])
    connection.execute("SET VARIABLE culture = CAST(getvariable('culture') AS BIGINT[])")
    start = seed * 7_919_000_003 % 2**62
    connection.execute(f"CREATE MACRO dice(n, salt, sides) AS CAST(hash(n * 1009 + salt + {start}) % sides AS BIGINT)")
    connection.execute(_PEOPLE)
    connection.execute(_profiles(profiles))
    return connection


def copy(connection: duckdb.DuckDBPyConnection, path: Path, first: int, end: int, members: int, profiles: int) -> None:
    """Write the profiles from number ``first`` to before ``end`` that are among the ``members`` of a segment."""
    names = ", ".join(f'"{name}"' for name, _type in COLUMNS)
    target = str(path).replace("'", "''")
    connection.execute(
        f"COPY (SELECT {names} FROM profile_rows({first}, {end}, {members}, {max(1, profiles)})) "
        f'TO \'{target}\' (FORMAT csv, HEADER false, FORCE_QUOTE ("FirstName", "LastName"))'
    )


_PEOPLE = f"""
CREATE MACRO people(first, past, members, profiles) AS TABLE
SELECT *,
    given_letters || '.' || family_letters || tag AS letters
FROM (
    SELECT n, member_rank, culture, other,
        getvariable('given')[1 + culture * {PER_CULTURE} + given] AS given_name,
        getvariable('family')[1 + culture * {PER_CULTURE} + family] AS family_name,
        getvariable('given_letters')[1 + address_culture * {PER_CULTURE} + address_given] AS given_letters,
        getvariable('family_letters')[1 + address_culture * {PER_CULTURE} + address_family] AS family_letters,
        getvariable('domain')[1 + dice(other, 4, {len(_DOMAINS)})] AS domain,
        lower(to_base(other + 36, 36)) AS tag
    FROM (
        SELECT n, other, member_rank,
            getvariable('culture')[1 + dice(n, 1, 64)] AS culture,
            dice(n, 2, {PER_CULTURE}) AS given,
            dice(n, 3, {PER_CULTURE}) AS family,
            getvariable('culture')[1 + dice(other, 1, 64)] AS address_culture,
            dice(other, 2, {PER_CULTURE}) AS address_given,
            dice(other, 3, {PER_CULTURE}) AS address_family
        FROM (
            SELECT n, (n * {_STEP}) % profiles AS member_rank,
                CASE WHEN n >= 50 AND dice(n, 20, 1000) BETWEEN 20 AND 29 THEN n - 1 - dice(n, 21, 50)
                    ELSE n END AS other
            FROM (SELECT range AS n FROM range(first, past))
            WHERE (n * {_STEP}) % profiles < members
        )
    )
)
"""


def _profiles(profiles: int) -> str:
    high_value, changed = profiles * 25_000 // 1_000_000, profiles * 60_000 // 1_000_000
    malformed = _choice("dice(m.n, 22, {count})", MALFORMED)
    missing = _choice("dice(m.n, 23, {count})", _MISSING)
    strange = _choice("dice(m.n, 31, {count})", _STRANGE_GIVEN)
    flags = ", ".join(
        f"CASE WHEN dice(m.n, {salt}, 1000) < {share} THEN 'true' WHEN dice(m.n, {salt}, 1000) > 990 THEN NULL "
        f"ELSE 'false' END AS \"{name}\""
        for name, salt, share in (("doNotEmail", 41, 12), ("donotBulkEmail", 42, 8), ("doNotContact", 43, 3))
    )
    return f"""
CREATE MACRO profile_rows(first, past, members, profiles) AS TABLE
SELECT md5('contoso-' || n || '-' || dice(0, 99, 1000000007)) AS "CustomerId",
    CASE WHEN dice(m.n, 30, 1000) < 5 THEN {strange} WHEN dice(m.n, 30, 1000) < 25 THEN NULL
        ELSE given_name END AS "FirstName",
    CASE WHEN dice(m.n, 32, 2000) = 0 THEN family_name || ', Jr.' WHEN dice(m.n, 32, 2000) = 1
        THEN repeat(family_name || '-', 15) ELSE family_name END AS "LastName",
    CASE WHEN dirt < 8 THEN {missing}
        WHEN dirt < 20 THEN {malformed}
        WHEN other <> n THEN CASE dice(m.n, 24, 3) WHEN 0 THEN upper(letters || '@' || domain)
            WHEN 1 THEN '  ' || letters || '@' || domain || ' '
            ELSE upper(letters[1]) || letters[2:] || '@' || upper(domain[1]) || domain[2:] END
        WHEN dirt < 32 THEN letters || '+' || repeat('coffee', 6) || '@customers.mail.example.com'
        WHEN dirt < 40 THEN upper(letters[1]) || letters[2:] || '@' || domain
        ELSE letters || '@' || domain END AS "EMail",
    getvariable('dialling')[1 + culture] || ' ' || (200000000 + dice(m.n, 5, 700000000)) AS "Telephone1",
    getvariable('city')[1 + culture * 4 + dice(m.n, 6, 4)] AS "City",
    getvariable('country')[1 + culture] AS "Country",
    CAST(DATE '1945-01-01' + CAST(dice(m.n, 7, 22000) AS INTEGER) AS VARCHAR) AS "DateOfBirth",
    CASE WHEN member_rank < {high_value} THEN ['gold', 'platinum'][1 + dice(m.n, 8, 2)]
        WHEN member_rank < {changed} THEN ['bronze', 'silver', 'gold'][1 + dice(m.n, 8, 3)]
        ELSE ['none', 'bronze', 'silver'][1 + dice(m.n, 8, 3)] END AS "LoyaltyTier",
    CAST(CAST(dice(m.n, 9, 50000) + CASE WHEN member_rank < {high_value} THEN 50001 ELSE 0 END AS DECIMAL(12, 2)) / 100
        AS DECIMAL(12, 2)) AS "LifetimeSpend",
    {flags}
FROM (SELECT *, dice(n, 20, 1000) AS dirt FROM people(first, past, members, profiles)) AS m
"""


def _choice(dice: str, expressions: tuple[str, ...]) -> str:
    """One of ``expressions`` by a throw of dice."""
    cases = " ".join(f"WHEN {number} THEN {expression}" for number, expression in enumerate(expressions))
    return f"CASE {dice.format(count=len(expressions))} {cases} END"
