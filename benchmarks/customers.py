"""Customers made up for the measurements: 19 columns, any number of rows, the same rows for the same numbers.

DuckDB makes them from hashes of the row's number, so row 7 is the same in a file of ten rows and of ten million. About
2 % of the addresses are missing or wrong, in fifteen ways; about 1 % repeat the address of an earlier row with other
letter case. ``Score`` is even over 0 to 999, so that ``Score < 100`` is a tenth of the rows. Beside the files stands
``expected.json``: what every careful program must count.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

_VERSION = 3
_REACH = 40_000
"""A repeated address is one of at most this many rows before."""

_FIRST = """
    James John Robert Michael William David Mary Patricia Jennifer Linda Susan Karen Emma Olivia Ava Sophia Mia Amelia
    Liam Noah Oliver Lucas Mason Ethan Anna Maria Piotr Marek Tomasz Ewa Hans Klaus Greta Lena Marco Giulia Paolo Luca
    Carlos Miguel Lucia Pedro Joao Bruno Yuki Hiro Wei Mei Raj Priya Amit Neha Omar Ali Fatima Layla
"""
_FIRST_FOREIGN = """
    Zoë:zoe José:jose André:andre Łukasz:lukasz Jürgen:juergen Søren:soren Åsa:asa Nuño:nuno François:francois
    Čeněk:cenek Иван:ivan Ольга:olga Ελένη:eleni 美咲:misaki 지훈:jihun محمد:mohammed Mary-Jane:maryjane
"""
_LAST = """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Martinez Lopez Wilson Anderson Thomas Taylor Moore Jackson
    Martin Lee Perez Thompson White Harris Clark Lewis Walker Young Allen King Wright Scott Nguyen Hill Flores Green
    Adams Nelson Baker Hall Rivera Kowalski Nowak Wojcik Kaminski Schmidt Schneider Fischer Weber Meyer Wagner Rossi
    Russo Ferrari Bianchi Silva Santos Costa Tanaka Suzuki Sato Kim Park Choi Singh Patel Kumar Khan Ahmed
"""
_LAST_FOREIGN = """
    Müller:mueller Núñez:nunez Wiśniewska:wisniewska Dąbrowski:dabrowski Jørgensen:jorgensen Lefèvre:lefevre
    Петров:petrov Смирнова:smirnova 田中:tanaka 王:wang 김:kim حسن:hassan O'Neill:o'neill D'Angelo:d'angelo
    Smith,_Jr.:smithjr "Ace"_Novák:novak Saint-Exupéry:exupery van_der_Berg:vanderberg
"""
_LARGE_DOMAINS = "gmail.com gmail.com gmail.com yahoo.com outlook.com hotmail.com icloud.com"
_DOMAINS = f"""
    {_LARGE_DOMAINS} {_LARGE_DOMAINS} {_LARGE_DOMAINS} aol.com wp.pl o2.pl interia.pl gmx.de web.de orange.fr free.fr
    libero.it yandex.ru qq.com 163.com naver.com comcast.net verizon.net acme.co.uk mail.acme.io shop-one.com
"""
_CITIES = "Warszawa Kraków Łódź Berlin München Köln Paris Madrid Málaga Roma London Leeds Chicago Boston 東京 Москва"
_STREETS = "Main_St Oak_Ave Maple_Dr Długa Hauptstraße Rue_de_la_Paix Calle_Mayor Via_Roma High_Street"
_WRONG = (
    "{local} || {domain}",
    "{local} || '@@' || {domain}",
    "{local} || '@' || {domain} || '.'",
    "{slug} || ' ' || {number} || '@' || {domain}",
    "{local} || '@gmail'",
    "{slug} || '..' || {number} || '@' || {domain}",
    "'.' || {local} || '@' || {domain}",
    "repeat('x', 66) || {number} || '@' || {domain}",
    "{local} || '@gmail,com'",
    "{first} || ' <' || {local} || '@' || {domain} || '>'",
    "'n/a'",
    "{local} || '@-' || {domain}",
    "{local} || '@[127.0.0.1]'",
    "{local} || chr(8203) || '@' || {domain}",
    "{local} || '@' || {domain} || ';' || {slug} || '@' || {domain}",
)


def customers(folder: Path, rows: int) -> Path:
    """The folder with ``profiles.parquet`` and ``expected.json`` of ``rows`` customers, made where it is missing."""
    facts = folder / "expected.json"
    if not facts.exists() or json.loads(facts.read_text())["version"] != _VERSION:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _in_a_process("make", folder, str(rows))
    return folder


def as_text(folder: Path) -> Path:
    """The same customers in ``profiles.csv``, for programs that read nothing else."""
    return _other(folder, "profiles.csv", "text")


def as_database(folder: Path) -> Path:
    """The same customers in a file of DuckDB, for programs that read nothing else."""
    return _other(folder, "profiles.duckdb", "database")


def expected(folder: Path) -> dict[str, int]:
    """How many rows are good, missing, wrong and repeated."""
    kinds: dict[str, int] = json.loads((folder / "expected.json").read_text())["kinds"]
    return kinds


def _other(folder: Path, name: str, how: str) -> Path:
    if not (folder / name).exists():
        _in_a_process(how, folder)
    return folder / name


def _in_a_process(how: str, folder: Path, *rest: str) -> None:
    """Making data takes memory, and the kernel begins a child's peak memory with what its parent has."""
    subprocess.run([sys.executable, __file__, how, str(folder), *rest], check=True)


def _make(how: str, folder: Path, rows: int) -> None:
    import duckdb

    profiles = folder / "profiles.parquet"
    with duckdb.connect(config={"threads": 2, "preserve_insertion_order": True}) as database:
        database.execute("SET enable_progress_bar = false")
        if how == "text":
            database.execute(f"COPY (FROM '{profiles}') TO '{folder / 'profiles.csv'}' (HEADER)")
        elif how == "database":
            database.execute(f"ATTACH '{folder / 'profiles.duckdb'}' AS target")
            database.execute(f"CREATE TABLE target.profiles AS FROM '{profiles}'")
        else:
            database.execute(_MACROS)
            shape = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
            database.execute(f"COPY ({_table(rows)}) TO '{profiles}' ({shape})")
            kinds = dict(database.execute(f"SELECT kind, count(*) FROM ({_kinds(rows)}) GROUP BY kind").fetchall())
            facts = {"version": _VERSION, "rows": rows, "kinds": kinds}
            (folder / "expected.json").write_text(json.dumps(facts, indent=1) + "\n")


def _names(plain: str, foreign: str) -> str:
    """A list of structs for DuckDB: a name as it is written, and in the letters of an address."""
    pairs = [(name, name.lower()) for name in plain.split() for _often in range(2)]
    pairs += [(name.replace("_", " "), slug) for name, slug in (pair.rsplit(":", 1) for pair in foreign.split())]
    return "[" + ", ".join(f"{{'name': {_text(name)}, 'slug': {_text(slug)}}}" for name, slug in pairs) + "]"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(values: str) -> str:
    return "[" + ", ".join(_text(value.replace("_", " ")) for value in values.split()) + "]"


_MACROS = f"""
CREATE MACRO draw(i, what, n) AS (hash(i, what) % n)::BIGINT;
CREATE MACRO pick(i, what, choices) AS choices[1 + draw(i, what, len(choices))];
CREATE MACRO first_of(i) AS pick(i, 'first', {_names(_FIRST, _FIRST_FOREIGN)});
CREATE MACRO last_of(i) AS pick(i, 'last', {_names(_LAST, _LAST_FOREIGN)});
CREATE MACRO domain_of(i) AS pick(i, 'domain', {_list(_DOMAINS)});
CREATE MACRO own_kind(i) AS CASE
    WHEN draw(i, 'kind', 1000) < 8 THEN 'missing' WHEN draw(i, 'kind', 1000) < 20 THEN 'wrong'
    WHEN draw(i, 'kind', 1000) < 30 AND i > 100 THEN 'repeated' ELSE 'good' END;
CREATE MACRO earlier(i) AS i - 1 - draw(i, 'earlier', least(i, {_REACH}));
CREATE MACRO kind_of(i) AS CASE
    WHEN own_kind(i) = 'repeated' AND own_kind(earlier(i)) <> 'good' THEN 'good' ELSE own_kind(i) END;
CREATE MACRO local_of(i) AS
    CASE WHEN draw(i, 'style', 10) < 3 THEN first_of(i).slug || '.' ELSE left(first_of(i).slug, 1) END
    || last_of(i).slug || i || CASE WHEN draw(i, 'tag', 50) = 0 THEN '+news' ELSE '' END;
CREATE MACRO address_of(i) AS CASE WHEN draw(i, 'dress', 1000) = 20
    THEN left(first_of(i).slug, 1) || i || '@bücher-' || draw(i, 'shop', 7) || '.de'
    ELSE local_of(i) || '@' || domain_of(i) END;
CREATE MACRO dressed(i) AS CASE
    WHEN draw(i, 'dress', 1000) < 10 THEN upper(left(address_of(i), 1)) || substr(address_of(i), 2)
    WHEN draw(i, 'dress', 1000) < 15 THEN upper(address_of(i))
    WHEN draw(i, 'dress', 1000) < 20 THEN ' ' || address_of(i) || '  ' ELSE address_of(i) END;
"""


def _kinds(rows: int) -> str:
    return f"SELECT kind_of(i) AS kind FROM range({rows}) numbers(i)"


def _table(rows: int) -> str:
    pieces = {
        "local": "local_of(i)",
        "domain": "domain_of(i)",
        "slug": "first_of(i).slug",
        "first": "first_of(i).name",
        "number": "i",
    }
    wrong = " ".join(f"WHEN {number} THEN {form.format_map(pieces)}" for number, form in enumerate(_WRONG))
    return f"""
        SELECT 'C' || lpad((i + 1)::VARCHAR, 9, '0') AS CustomerId,
            CASE kind_of(i)
                WHEN 'missing' THEN CASE draw(i, 'empty', 8) WHEN 0 THEN '' WHEN 1 THEN '   ' END
                WHEN 'wrong' THEN CASE draw(i, 'fault', {len(_WRONG)}) {wrong} END
                WHEN 'repeated' THEN CASE draw(i, 'case', 2) WHEN 0 THEN upper(address_of(earlier(i)))
                    ELSE upper(left(address_of(earlier(i)), 1)) || substr(address_of(earlier(i)), 2) END
                ELSE dressed(i) END AS Email,
            CASE WHEN draw(i, 'nameless', 50) > 0 THEN first_of(i).name END AS FirstName,
            last_of(i).name AS LastName,
            '+48' || (500000000 + draw(i, 'phone', 400000000)) AS Phone,
            pick(i, 'street', {_list(_STREETS)}) || ' ' || (1 + draw(i, 'house', 400)) AS Street,
            pick(i, 'city', {_list(_CITIES)}) AS City,
            (10 + draw(i, 'zip', 89)) || '-' || (100 + draw(i, 'zip2', 899)) AS PostalCode,
            pick(i, 'country', {_list("PL DE FR ES IT GB US BR JP GR DK RU")}) AS Country,
            pick(i, 'language', {_list("pl de fr es it en")}) AS Language,
            DATE '1940-01-01' + draw(i, 'born', 24000)::INTEGER AS BirthDate,
            pick(i, 'gender', ['F', 'M', 'X', NULL]) AS Gender,
            TIMESTAMP '2018-01-01' + to_seconds(draw(i, 'created', 250000000)) AS CreatedAt,
            TIMESTAMP '2018-01-01' + to_seconds(250000000 + draw(i, 'order', 20000000)) AS LastOrderAt,
            draw(i, 'orders', 9)::INTEGER AS OrderCount,
            draw(i, 'value', 120000) / 100 AS LifetimeValue,
            pick(i, 'tier', {_list("none bronze silver gold platinum")}) AS LoyaltyTier,
            draw(CASE WHEN kind_of(i) = 'repeated' THEN earlier(i) ELSE i END, 'score', 1000)::INTEGER AS Score,
            draw(i, 'opt', 5) > 0 AS OptIn
        FROM range({rows}) numbers(i)
    """


if __name__ == "__main__":
    _make(sys.argv[1], Path(sys.argv[2]), int((sys.argv[3:] or ["0"])[0]))
