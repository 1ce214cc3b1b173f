"""What `inventorum doctor` asks of the database to which runs publish."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.commands.doctor.finding import Finding, fail, ok, said, warn
from pipelines.errors import InventorumError

RIGHTS = (
    "select current_user::text, current_database()::text, current_setting('server_version'), "
    "has_database_privilege(current_database(), 'create') and has_database_privilege(current_database(), 'temporary')"
)


def examine_server(url: str) -> Iterator[Finding]:
    """Whether it can be reached, and the role may make what is needed; nothing is written there."""
    from transforms.readers.postgres.errors import ServerBusy
    from transforms.readers.postgres.server import quoted_name, read_address, session

    try:
        with session(read_address(url)) as server:
            ((user, database, version, may_create),) = server.rows(RIGHTS)
            name = server.address.name
    except ServerBusy as error:  # it ends by itself
        yield warn("server", str(error), "Until then a run does its work, but ends with exit code 1.")
    except InventorumError as error:
        yield said("server", error)
    else:
        grant = f"grant create, temporary on database {quoted_name(database)} to {quoted_name(user)}"
        if may_create:
            yield ok("server", f"{name} takes what is published; PostgreSQL {version.split()[0]}")
        else:
            yield fail("server", f"{name}: {user} may not make tables there", f"Run there: {grant}", exit_code=5)
