"""The file: made, migrated, copied, or refused in a sentence that says what to do."""

import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.types import TypeDecorator

from workers.store import Unusable, open_store
from workers.store.dbtime import ProcessTime
from workers.store.schema import MIGRATIONS, SCHEMA, prepare
from workers.store.tables import metadata

NEXT = """
from alembic import op
import sqlalchemy as sa
revision = "{revision}"
down_revision = "{down}"
def upgrade():
    op.add_column("feeds", sa.Column("extra_{revision}", sa.Text()))
    {more}
"""


def later(tmp_path: Path, *revisions: str, more: str = "") -> Path:
    """Return migrations with further revisions."""
    folder = tmp_path / "100% later" / "migrations"
    if not folder.exists():
        shutil.copytree(MIGRATIONS, folder)
    down = SCHEMA
    for revision in revisions:
        text = NEXT.format(revision=revision, down=down, more=more)
        (folder / "versions" / f"v{revision}.py").write_text(text)
        down = revision
    return folder


def columns(path: Path) -> set[str]:
    """Return the columns of ``feeds``."""
    raw = sqlite3.connect(path)
    found = {row[1] for row in raw.execute("PRAGMA table_info(feeds)")}
    raw.close()
    return found


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression")
def test_migrations_and_tables_say_the_same(tmp_path) -> None:
    """What the migrations make is what the code expects."""
    prepare(tmp_path / "t.db")
    engine = create_engine(f"sqlite:///{tmp_path / 't.db'}")

    def same(_context, _column, _old, _new, mine, reflected=None) -> bool:
        impl = mine.impl if isinstance(mine, TypeDecorator) else mine
        return type(impl)._type_affinity is None if reflected else False

    with engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": same})
        assert [] == compare_metadata(context, metadata)
        made = dict(
            conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql != ''").all()
        )
    engine.dispose()
    fresh = create_engine("sqlite://")
    with fresh.connect() as conn:
        metadata.create_all(conn)
        expected = dict(
            conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql != ''").all()
        )
    fresh.dispose()
    made.pop("alembic_version")
    assert {name: _columns_of(sql) for name, sql in expected.items()} == {
        name: _columns_of(sql) for name, sql in made.items()
    }


def _columns_of(sql: str) -> set[str]:
    """Return the parts of a CREATE statement, whatever their order and layout."""
    sql = re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", sql)  # of a table that was copied
    parts = re.split(r"\n|, (?![^(]*\))", sql)  # a column that was added later shares its line
    return {" ".join(part.split()).strip(", ") for part in parts if part.strip(", ")}


async def test_a_new_file_is_made_with_its_folder(tmp_path, clock) -> None:
    """And is in WAL mode, and marked as ours."""
    path = tmp_path / "new folder" / "tocsin.db"
    store = await open_store(path, clock)
    await store.close()
    raw = sqlite3.connect(path)
    assert ("wal",) == raw.execute("PRAGMA journal_mode").fetchone()
    assert (0x746F6373,) == raw.execute("PRAGMA application_id").fetchone()
    assert (SCHEMA,) == raw.execute("SELECT version_num FROM alembic_version").fetchone()
    raw.close()


async def test_an_empty_file_becomes_a_database(tmp_path, clock) -> None:
    """A crash right after the file was made is no trouble."""
    path = tmp_path / "tocsin.db"
    path.touch()
    store = await open_store(path, clock)
    await store.probe()
    await store.close()


def test_an_older_schema_is_migrated_after_a_copy(tmp_path) -> None:
    """The copy is whole, has the old schema, and the newest two are kept."""
    path = tmp_path / "tocsin.db"
    prepare(path)
    folder = later(tmp_path, "0102", "0103", "0104")
    for schema in ("0102", "0103", "0104"):
        prepare(path, migrations=folder, schema=schema)
    assert {"extra_0102", "extra_0103", "extra_0104"} <= columns(path)
    copies = sorted(tmp_path.glob("tocsin.db.before-*"))
    assert ["tocsin.db.before-0103", "tocsin.db.before-0104"] == [copy.name for copy in copies]
    assert "extra_0103" in columns(copies[1])
    assert "extra_0104" not in columns(copies[1])


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path) -> None:
    """All of a migration, or nothing."""
    path = tmp_path / "tocsin.db"
    prepare(path)
    folder = later(tmp_path, "0102", more='raise RuntimeError("half way")')
    with pytest.raises(RuntimeError):
        prepare(path, migrations=folder, schema="0102")
    assert "extra_0102" not in columns(path)
    prepare(path)


def test_a_newer_schema_is_refused_with_both_versions(tmp_path) -> None:
    """And is left as it is."""
    path = tmp_path / "tocsin.db"
    prepare(path, migrations=later(tmp_path, "0102"), schema="0102")
    with pytest.raises(Unusable, match=f"(?s)0102.*{SCHEMA}"):
        prepare(path)
    assert "extra_0102" in columns(path)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    "content", [b"SQLite format 3\0" + b"garbage" * 99, b"hello", b"PK\3\4" * 999]
)
def test_a_file_that_is_no_database_is_refused(tmp_path, content, read_only) -> None:
    """Its path is named, and it is not touched."""
    path = tmp_path / "tocsin.db"
    path.write_bytes(content)
    with pytest.raises(Unusable, match=str(path)):
        prepare(path, read_only=read_only)
    assert content == path.read_bytes()


def test_a_database_of_another_program_is_refused(tmp_path) -> None:
    """Nothing is added to it."""
    path = tmp_path / "tocsin.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE theirs (x)")
    raw.close()
    with pytest.raises(Unusable, match="not a Tocsin database"):
        prepare(path)
    raw = sqlite3.connect(path)
    assert [("theirs",)] == raw.execute("SELECT name FROM sqlite_master").fetchall()
    raw.close()


async def test_who_only_asks_makes_nothing(tmp_path, clock) -> None:
    """A command that asks never makes a database."""
    path = tmp_path / "folder" / "tocsin.db"
    with pytest.raises(Unusable, match="tocsin run"):
        await open_store(path, clock, read_only=True)
    assert not path.parent.exists()


def test_who_only_asks_migrates_nothing(tmp_path) -> None:
    """It says what to do instead."""
    path = tmp_path / "tocsin.db"
    prepare(path)
    with pytest.raises(Unusable, match="older Tocsin"):
        prepare(path, read_only=True, migrations=later(tmp_path, "0102"), schema="0102")


async def test_two_processes_share_a_database(world, clock) -> None:
    """What one commits the other sees; a command line beside the daemon may write."""
    time = ProcessTime(clock)
    other = await open_store(world.store.address, clock, time=time)
    reader = await open_store(world.store.address, clock, read_only=True, time=time)
    assert 1 == await other.accept("{}")
    feed = await world.feed()
    assert (1, "{}") == await world.store.accepted()
    assert feed == await reader.load_feed(feed.id)
    await other.close()
    await reader.close()


def test_a_start_with_its_schema_in_order_does_not_import_alembic(tmp_path) -> None:
    """Only who migrates pays for it."""
    prepare(tmp_path / "t.db")
    code = (
        "import sys; from pathlib import Path; from workers.store.schema import prepare;"
        f"prepare(Path({str(tmp_path / 't.db')!r})); print('alembic' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert "False" == done.stdout.strip()


async def test_what_the_fourth_schema_holds_goes_on_and_can_be_muted(
    tmp_path, clock, make_world
) -> None:
    """Its rows stay, and a topic that is muted after the upgrade keeps back what comes."""
    path = tmp_path / "tocsin.db"
    prepare(path, schema="0004")
    raw = sqlite3.connect(path)
    raw.execute(
        "INSERT INTO rung (event, topic, alert_id, at, evidence)"
        " VALUES ('art_1', 'fire', 'alt_1', 1.0, 'page')"
    )
    raw.commit()
    raw.close()
    store = await open_store(path, clock)
    assert (tmp_path / "tocsin.db.before-0005").is_file()
    world = make_world(store, clock)
    await store.mute("fire", 60.0)
    await world.settle(await world.article(), "fire")
    assert [("fire",)] == [line.muted for line in await store.alert_lines()]
    assert {"art_1"} == await store.rung_of("fire", ["art_1"])
    assert [1] == [line.hits for line in await store.mutes()]
    await store.close()


async def test_a_long_link_that_the_first_schema_holds_whole_is_found(tmp_path, clock) -> None:
    """It is brought to the form that every database can index, and stays its article's."""
    path = tmp_path / "tocsin.db"
    prepare(path, schema="0001")
    url = f"https://site.example/{'漢' * 30_000}"
    raw = sqlite3.connect(path)
    raw.execute(
        "INSERT INTO articles (id, title, text, zones, reasons, text_from, first_seen,"
        " settled_entries) VALUES ('art_1', '', '', '[]', '[]', 'none', 0, 0)"
    )
    for key in (url, "https://site.example/short"):
        raw.execute("INSERT INTO article_keys VALUES (?, 'art_1')", (key,))
    raw.commit()
    raw.close()
    store = await open_store(path, clock)
    for key in (url, "https://site.example/short"):
        assert "art_1" == await store.find_article(key)
    assert await store.find_article(url + "x") is None
    await store.close()
