"""The connection to a server: its URL, its faults in words, never with the password."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from transforms.readers.postgres.errors import (
    AddressRefused,
    ServerBusy,
    ServerFailed,
    ServerRefused,
    ServerUnreachable,
)

if TYPE_CHECKING:
    import psycopg

SCHEMES = ("postgresql://", "postgres://")
EXAMPLE = "postgresql://USER@HOST:5432/DATABASE"
HOST = re.compile(r"[\w.:/%,-]*")
PORT = re.compile(r"[\d,]*")
CONNECT_SECONDS = 10
# A reader's session that holds a table keeps us from adding a column, and whoever comes after us waits behind us.
LOCK_WAIT = "10s"
LOCK_NUMBER = 0x696E76_656E74  # of one publish into a database at a time
# Whatever the role or the database is set to; for this transaction only, since a pool may hand the session on.
STARTED = (
    "set transaction isolation level read committed",
    "set local time zone 'UTC'",
    "set local datestyle to 'ISO, YMD'",
    "set local intervalstyle to 'postgres'",
    "set local standard_conforming_strings to on",
    "set local search_path to pg_catalog",
    f"set local lock_timeout to '{LOCK_WAIT}'",
    "set local statement_timeout to 0",
    "set local idle_in_transaction_session_timeout to 0",
)


@dataclass(frozen=True)
class Address:
    """Where the tables go.

    Attributes:
        name: Server and database as messages show them.
        parameters: What libpq is given; the password is in them.
    """

    name: str
    parameters: Mapping[str, Any] = field(repr=False)


def read_address(url: str) -> Address:
    """The parts of a URL such as `postgresql://user@host:5432/database`; what it lacks libpq knows (`PG…`, `.pgpass`).

    Raises:
        AddressRefused: It is none; the message does not repeat it, since a password may be anywhere in it.
        ServerFailed: psycopg is not installed.
    """
    if not url.startswith(SCHEMES):
        raise AddressRefused(f"The address of the database is no URL like {EXAMPLE}. Nothing was done. Correct it.")
    driver = _driver()
    try:
        parts = driver.conninfo.conninfo_to_dict(url)
    except (driver.Error, ValueError):
        raise _unread() from None
    host, port, database = (str(parts.get(key) or "") for key in ("host", "port", "dbname"))
    # a password with an @ or / in it is taken for the host, the port or the database
    if not HOST.fullmatch(host) or not PORT.fullmatch(port) or "@" in database:
        raise _unread()
    place = host or "the local server"
    named = f"{place}:{port}" if port else place
    chosen = {"connect_timeout": CONNECT_SECONDS, "application_name": "inventorum", **parts, "client_encoding": "UTF8"}
    return Address(f"{named}/{database}" if database else named, chosen)


def _unread() -> AddressRefused:
    return AddressRefused(
        f"The URL of the database cannot be read; it must be like {EXAMPLE}. Nothing was done. Letters such as "
        "@ / : ? # % in a password are written as %40 %2F %3A %3F %23 %25 there; better, keep it in ~/.pgpass."
    )


def _driver() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError:
        raise ServerFailed(
            "PostgreSQL is reached through psycopg, which is not installed. Nothing was done. "
            "Run `pip install 'inventorum-warehouse[postgres]'`."
        ) from None
    return psycopg


class Session:
    """One transaction on the server, which is given up unless `commit` is called."""

    def __init__(self, address: Address, connection: psycopg.Connection[Any]) -> None:
        self.address = address
        self.connection = connection
        self.version = connection.info.server_version
        self.cursor = connection.cursor()

    def run(self, statement: str, values: Sequence[Any] | None = None) -> int:
        """Carry out a statement, or without values several; the number of rows that a single one wrote."""
        self.cursor.execute(statement.encode(), values)
        return max(0, self.cursor.rowcount)

    def rows(self, query: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """What a query gives."""
        self.cursor.execute(query.encode(), values)
        return self.cursor.fetchall()

    def copy(self, statement: str, chunks: Iterator[str]) -> None:
        """Send text to a COPY."""
        with self.cursor.copy(statement.encode()) as copying:
            for chunk in chunks:
                copying.write(chunk)

    def commit(self) -> None:
        """Let all readers see what was written.

        Raises:
            ServerUnreachable: The connection broke off, so that nobody knows whether it was done.
        """
        driver = _driver()
        try:
            self.connection.commit()
        except driver.OperationalError as fault:
            if not self.connection.broken:
                raise
            raise ServerUnreachable(
                f"The connection to {self.address.name} broke off at the very end ({_words(fault, self.address)}). The "
                "database shows either all that is new or all that was before. Run the command again: it finds out."
            ) from None


@contextmanager
def session(address: Address) -> Iterator[Session]:
    """Connect, and be the only publish into this database while the block lasts.

    Raises:
        ServerUnreachable: Nobody answers there, or the connection broke off.
        ServerRefused: The login is refused, or the role may not do something.
        ServerBusy: Another publish is at work, or a reader holds a table that is to be altered.
        ServerFailed: The server refused something else. After each of these it is as it was.
    """
    driver = _driver()
    connection = _connected(driver, address)
    try:
        with _readable_faults(driver, address, connection.info):
            opened = Session(address, connection)
            opened.run("; ".join(STARTED))
            if opened.rows("show server_encoding") != [("UTF8",)]:
                raise ServerFailed(
                    f"{address.name} keeps text in another encoding than UTF-8, which has no place for every letter. "
                    "Nothing was written. Create the database with `encoding 'UTF8'`."
                )
            if opened.rows(f"select pg_try_advisory_xact_lock({LOCK_NUMBER})") != [(True,)]:
                raise ServerBusy(
                    f"Another publish is writing to {address.name}. This one wrote nothing. Run the command again "
                    "when that has ended."
                )
            yield opened
    finally:
        connection.close()


def _connected(driver: Any, address: Address) -> psycopg.Connection[Any]:
    try:
        made: psycopg.Connection[Any] = driver.connect(**address.parameters, prepare_threshold=None)
    except driver.OperationalError as fault:
        words = _words(fault, address)
        asked = fault.pgconn is not None and (fault.pgconn.needs_password or fault.pgconn.used_password)
        if asked or "FATAL" in words:
            raise ServerRefused(
                f"{address.name} refused the login: {words}. Nothing was written. Correct user, password or database; "
                "the password may stand in the URL, in PGPASSWORD or in ~/.pgpass."
            ) from None
        raise ServerUnreachable(
            f"{address.name} could not be reached: {words}. Nothing was written. Check that PostgreSQL runs there "
            "and that this machine may connect, then run the command again."
        ) from None
    except driver.Error as fault:
        raise AddressRefused(f"{_words(fault, address)}. Nothing was done. Correct the URL.") from None
    return made


@contextmanager
def _readable_faults(driver: Any, address: Address, login: psycopg.ConnectionInfo) -> Iterator[None]:
    try:
        yield
    except driver.errors.InsufficientPrivilege as fault:
        grant = f"grant create, temporary on database {quoted_name(login.dbname)} to {quoted_name(login.user)}"
        raise ServerRefused(
            f"{address.name}: the role {login.user} may not do what is needed: {_words(fault, address)}. Nothing was "
            f"written. Run `{grant}` there as the owner of the database; tables that were published before must be "
            "the role's own."
        ) from None
    except driver.errors.LockNotAvailable as fault:
        raise ServerBusy(
            f"{address.name}: somebody holds a table that is to be written or altered ({_words(fault, address)}). "
            "Nothing was written. End long transactions of readers, or run the command again later."
        ) from None
    except driver.OperationalError as fault:
        raise ServerUnreachable(
            f"The connection to {address.name} broke off or was ended: {_words(fault, address)}. The database is as "
            "it was. Run the command again."
        ) from None
    except driver.Error as fault:
        raise ServerFailed(
            f"{address.name} did not take what was to be written: {_words(fault, address)}. The database is as it was."
        ) from None


def _words(fault: BaseException, address: Address) -> str:
    """What the server said, in one line, without the password."""
    text = " ".join(str(fault).split()).rstrip(".")
    password = str(address.parameters.get("password") or "")
    return text.replace(password, "***") if password else text


def quoted_name(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"
