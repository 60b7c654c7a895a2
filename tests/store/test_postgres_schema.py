"""A PostgreSQL database: migrated when asked, run on one schema ahead, or refused with advice."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from structlog.testing import capture_logs

from workers.errors import TocsinError
from workers.store import Unusable, open_store, postgres_schema
from workers.store.schema import MIGRATIONS, SCHEMA, migrate, prepare, schema_of
from workers.store.tables import metadata

NEXT = """
from alembic import op
import sqlalchemy as sa
revision = "{revision:04}"
down_revision = "{down:04}"
def upgrade():
    op.add_column("feeds", sa.Column("extra_{revision:04}", sa.Text()))
"""


def later(tmp_path: Path, *revisions: int) -> Path:
    """Return migrations with further revisions."""
    folder = tmp_path / "migrations"
    if not folder.exists():
        shutil.copytree(MIGRATIONS, folder)
    for revision in revisions:
        text = NEXT.format(revision=revision, down=revision - 1)
        (folder / "versions" / f"v{revision:04}.py").write_text(text)
    return folder


@pytest.fixture
def empty(postgres) -> Iterator[str]:
    """The address of a database without tables."""
    postgres.ask("DROP DATABASE IF EXISTS empty WITH (FORCE)")
    postgres.ask("CREATE DATABASE empty")
    yield postgres.url("empty")
    postgres.ask("DROP DATABASE empty WITH (FORCE)")


SHAPE = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes
    WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


def test_migrations_and_tables_say_the_same(postgres, empty) -> None:
    """What the migrations make is what the code expects, in PostgreSQL too."""
    engine = create_engine(empty.replace("postgresql:", "postgresql+psycopg:"))
    metadata.create_all(engine)
    engine.dispose()
    expected = set(postgres.ask(SHAPE, database="empty"))
    made = {row for row in postgres.ask(SHAPE) if row[1] != "alembic_version"}
    assert expected == made


def test_a_new_database_is_migrated_when_asked_and_once(empty) -> None:
    """Asked again, there is nothing to do."""
    assert ("0000", SCHEMA) == migrate(empty)
    assert (SCHEMA, SCHEMA) == migrate(empty)
    assert SCHEMA == schema_of(empty)
    prepare(empty)


async def test_two_that_migrate_at_once_do_it_once(empty) -> None:
    """The second waits for the first."""
    done = await asyncio.gather(*(asyncio.to_thread(migrate, empty) for _ in range(3)))
    assert [("0000", SCHEMA), (SCHEMA, SCHEMA), (SCHEMA, SCHEMA)] == sorted(done)


async def test_a_start_makes_and_migrates_nothing(tmp_path, empty, clock) -> None:
    """It says what to do."""
    with pytest.raises(Unusable, match=r"no tables: .*/empty: run `tocsin db migrate`"):
        await open_store(empty, clock)
    assert "0000" == schema_of(empty)
    migrate(empty)
    later(tmp_path, int(SCHEMA) + 1)
    with pytest.raises(Unusable, match=f"is {SCHEMA}, this version needs .*: run `tocsin db mig"):
        prepare(empty, schema=f"{int(SCHEMA) + 1:04}")


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request, tmp_path) -> Path | str:
    """The address of a database of this version, of each kind in turn."""
    if request.param == "sqlite":
        address: Path | str = tmp_path / "tocsin.db"
    else:
        address = request.getfixturevalue("empty")
    migrate(address)
    return address


async def test_a_schema_one_newer_is_run_on(tmp_path, fresh, clock) -> None:
    """So that the database can be migrated while the old version still runs."""
    older = await open_store(fresh, clock)
    following = int(SCHEMA) + 1
    folder = later(tmp_path, following)
    assert (SCHEMA, f"{following:04}") == await asyncio.to_thread(
        migrate, fresh, migrations=folder, schema=f"{following:04}"
    )
    await older.probe()
    with capture_logs() as logs:
        store = await open_store(fresh, clock)
    assert [("database_newer", f"{following:04}", SCHEMA)] == [
        (line["event"], line["schema"], line["known"]) for line in logs
    ]
    assert 1 == await store.accept("{}")
    assert await store.feed_rows() == await older.feed_rows() == []
    assert (f"{following:04}",) * 2 == migrate(fresh)
    await store.close()
    await older.close()


def test_a_schema_two_newer_is_refused_with_what_to_do(tmp_path, fresh) -> None:
    """By a start, and by a migration."""
    following = int(SCHEMA) + 2
    folder = later(tmp_path, following - 1, following)
    migrate(fresh, migrations=folder, schema=f"{following:04}")
    for verb in (prepare, migrate):
        with pytest.raises(Unusable, match=f"{following:04}.*runs on {SCHEMA}.*run the newer"):
            verb(fresh)


def test_tables_of_another_program_are_left_alone(empty, postgres) -> None:
    """A database that is not empty and not ours is not migrated."""
    postgres.ask("CREATE TABLE feeds (id int)", database="empty")
    with pytest.raises(Unusable, match="table 'feeds' of another program"):
        migrate(empty)
    postgres.ask("DROP TABLE feeds; CREATE TABLE holidays (id int)", database="empty")
    migrate(empty)


def test_a_schema_of_its_own_beside_others(empty, postgres) -> None:
    """Who cannot have a database can have a schema in one."""
    postgres.ask("CREATE TABLE feeds (id int); CREATE SCHEMA tocsin", database="empty")
    own = f"{empty}&options=-csearch_path%3Dtocsin"
    assert ("0000", SCHEMA) == migrate(own)
    prepare(own)


@pytest.mark.parametrize(
    ("database", "user", "said"),
    [
        ("nowhere", "tocsin", 'database "nowhere" does not exist: make it with createdb'),
        (
            "tocsin",
            "nobody",
            'role "nobody" does not exist: make it with createdb (or createuser)',
        ),
        ("tocsin", "guarded:wrong", "password authentication failed .*: check user and password"),
        ("tocsin", "guarded", "no password supplied.*: check user and password"),
        ("western", "tocsin", "its encoding is LATIN1: .*--encoding=UTF8"),
        ("guarded", "guarded:right", "permission denied .*: let the user own the database"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(postgres, database, user, said) -> None:
    """With what to do, and without the password."""
    for name in ("western", "guarded"):
        postgres.ask(f"DROP DATABASE IF EXISTS {name}")
    postgres.ask("DROP ROLE IF EXISTS guarded")
    postgres.ask("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    postgres.ask("CREATE DATABASE western ENCODING 'LATIN1' TEMPLATE template0")
    postgres.ask("CREATE DATABASE guarded")
    with pytest.raises(Unusable) as caught:
        migrate(postgres.url(database, user))
    message = str(caught.value)
    caught.match(said.replace("(", r"\(").replace(")", r"\)"))
    assert "\n" not in message
    assert "wrong" not in message
    assert "right" not in message


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://tocsin:hunter2@127.0.0.1:1/tocsin", "tocsin@127.0.0.1:1/tocsin: .*refused"),
        (
            "postgresql://tocsin:hunter2@/tocsin?host=/nowhere",
            "tocsin@%2Fnowhere/tocsin: .*No such",
        ),
    ],
)
async def test_a_server_that_is_not_there_is_named_without_its_password(
    clock, address, said
) -> None:
    """And what to look at."""
    with pytest.raises(Unusable, match=f"{said}.*: check .database. url, and that") as caught:
        await open_store(address, clock)
    assert "hunter2" not in repr(caught.value) + str(caught.value.__cause__)


async def test_an_address_that_cannot_be_read_is_not_shown(clock) -> None:
    """It may hold a password."""
    with pytest.raises(TocsinError, match=r"cannot read .database. url") as caught:
        await open_store("postgresql://tocsin:hunter2@db/tocsin?sslmoed=x", clock)
    assert "hunter2" not in str(caught.value) + str(caught.value.__cause__)


def test_a_server_that_is_too_old_is_refused(postgres, monkeypatch) -> None:
    """With both versions."""
    monkeypatch.setattr(postgres_schema, "LEAST_SERVER", 99)
    with pytest.raises(Unusable, match=r"too old: .*: it is 1., Tocsin needs 99 or later"):
        prepare(postgres.url())


async def test_a_store_shows_no_password(postgres, clock) -> None:
    """Neither it nor its parts."""
    store = await open_store(postgres.url("tocsin", "tocsin:hunter2"), clock)
    assert "hunter2" not in repr(store)
    assert "hunter2" not in store.name
    await store.close()
