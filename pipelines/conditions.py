"""What a run needs before it begins, as one list: a run refuses what lacks, `--dry-run` and `doctor` tell the same.

Nothing is changed by looking. Faults of settings come earlier, when they are read (`Settings.load`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.landing import log as landing
from pipelines.lock import refuse_held, refuse_opened_elsewhere
from pipelines.settings import Files, RotatingLogin, Settings, refuse_group, refuse_home
from transforms.runner import publish as publication
from transforms.runner import session


@dataclass(frozen=True)
class Condition:
    """One thing that a run needs.

    Attributes:
        topic: What `doctor` calls it.
        refuse: Raises the fault with which a run would end; its message says that nothing was changed.
        of_loads: Only for runs that ask the API.
        before_lock: Only for those who look without the lock; a run that has it knows, or finds it in the same words
            when it comes there, before it asks anything.
    """

    topic: str
    refuse: Callable[[Settings], object]
    of_loads: bool = False
    before_lock: bool = False


def refuse(settings: Settings, *, of_loads: bool, has_lock: bool = False) -> None:
    """Refuse a run that could not do its work.

    Raises:
        InventorumError: The first condition that does not hold; nothing was changed or asked.
    """
    for condition in CONDITIONS:
        if (of_loads or not condition.of_loads) and not (has_lock and condition.before_lock):
            condition.refuse(settings)


def transform_files(files: Files) -> session.Files:
    """The files that the transforms work on."""
    return session.Files(landing=files.landing, build=files.build, published=files.warehouse, work=files.work)


def _token(settings: Settings) -> None:
    if isinstance(settings.login, RotatingLogin):
        from pipelines.connection import credentials
        from pipelines.inventorum.http.login import RotatingToken

        login = credentials(settings, settings.login)
        if isinstance(login, RotatingToken):
            login.refuse_unwritable()


def _account(settings: Settings) -> None:
    if settings.files.landing.exists():
        landing.refuse_another_account(settings.files, settings.account, look=landing.opened)


def _columns(settings: Settings) -> None:
    from pipelines.landing.columns import refuse_unmendable

    if settings.files.landing.exists():
        with landing.opened(settings.files) as connection:
            refuse_unmendable(connection)


CONDITIONS = (
    Condition("login", lambda settings: settings.require_login(), of_loads=True),
    Condition("home", lambda settings: refuse_home(settings.files), before_lock=True),
    Condition("lock", lambda settings: refuse_held(settings.files.lock), before_lock=True),
    Condition("token", _token, of_loads=True),
    Condition("landing", lambda settings: landing.refuse_unusable(settings.files)),
    Condition("account", _account, of_loads=True),
    Condition("build", lambda settings: refuse_opened_elsewhere(settings.files.build)),
    Condition("group", lambda settings: refuse_group(settings.published_group)),
    Condition("warehouse", lambda settings: publication.refuse_target(transform_files(settings.files))),
    Condition("columns", _columns, before_lock=True),
)
