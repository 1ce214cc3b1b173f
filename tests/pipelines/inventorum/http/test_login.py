"""Tokens that rotate: never used before they are on disk, never lost, shared by threads and processes."""

from __future__ import annotations

import errno
import json
import os
import resource
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ApiError, HomeError, LockedError, LoginError, SettingsError
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.login import RotatingToken, StaticToken
from pipelines.inventorum.http.token_file import TokenFile
from pipelines.inventorum.http.transport import RawAnswer
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.sandbox.tokens import Tokens

LogIn = Callable[..., RotatingToken]


class Wall:
    """A wall clock that only the test and sleeping move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "token.json"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(Shop(clock=Clock("2026-11-23T08:00:00Z"))) as running:
        yield running


@pytest.fixture
def server(running: Sandbox) -> Sandbox:
    """A server with a login of its own, on which nothing was ordered yet."""
    shop = Shop(clock=Clock("2026-11-23T08:00:00Z"))
    shop.sell("ipad", [("Wobbler", "6.99", 10)], at="2026-11-23T07:00:00Z")
    running.reset(shop)
    running.tokens = running._api.tokens = Tokens(scope="orders checkout", life=1000, rotate=True)
    return running


@pytest.fixture
def log_in(server: Sandbox, file: Path, wall: Wall) -> LogIn:
    seed = server.refresh_token

    def log_in(**changes: Any) -> RotatingToken:
        options: dict[str, Any] = {
            "client_id": server.client_id,
            "client_secret": server.client_secret,
            "refresh_token": seed,
            "file": file,
            "base_url": server.base_url,
            "now": wall,
            "sleep": wall.sleep,
        }
        return RotatingToken(**(options | changes))

    return log_in


def stored(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_bytes())
    return content


def test_the_first_token_comes_from_the_seed_and_later_ones_from_the_file(
    log_in: LogIn, server: Sandbox, file: Path
) -> None:
    seed = server.refresh_token
    first = log_in().token()

    assert first == server.access_token == log_in().token() == log_in().token()
    assert server.tokens.refreshes == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["token.json"]
    assert stored(file)["refresh_token"] == server.refresh_token != seed
    assert stored(file)["previous_refresh_token"] == seed
    assert stored(file)["expires_in"] == 1000

    second = log_in().refresh(first)

    assert second == server.access_token != first
    assert server.tokens.refreshes == 2


def test_a_token_is_renewed_when_four_fifths_of_its_life_are_over(log_in: LogIn, server: Sandbox, wall: Wall) -> None:
    login = log_in()
    first = login.token()
    wall.now += 799
    assert login.token() == log_in().token() == first
    wall.now += 2
    assert login.token() == server.access_token != first
    assert log_in().token() == server.access_token
    assert server.tokens.refreshes == 2


def test_a_clock_that_was_set_back_far_ends_in_a_refresh_not_in_an_old_token(
    log_in: LogIn, server: Sandbox, wall: Wall
) -> None:
    log_in().token()
    wall.now -= 30
    log_in().token()
    assert server.tokens.refreshes == 1
    wall.now -= 3600
    log_in().token()
    assert server.tokens.refreshes == 2


def test_a_token_is_on_disk_before_it_is_used(log_in: LogIn, server: Sandbox, file: Path) -> None:
    used: list[tuple[str, str]] = []

    def note(request: Any) -> None:
        if request.path.endswith("/orders/delta/"):
            used.append((request.headers["authorization"], f"Bearer {stored(file)['access_token']}"))

    server.before_request(note)
    client = InventorumClient(server.base_url, log_in())
    for _ in range(3):
        client.orders_delta(channel="ipad")
        server.tokens.expire()
    assert len(used) == 5  # two of them with the expired token
    assert all(sent == on_disk for sent, on_disk in used)


def test_a_token_that_expires_in_the_middle_costs_one_refresh_for_all_threads(log_in: LogIn, server: Sandbox) -> None:
    client = InventorumClient(server.base_url, log_in(), requests_per_second=1000)
    assert client.orders_delta(channel="ipad").page.total == 1
    server.tokens.expire()
    barrier = threading.Barrier(8)

    def read(_: int) -> int | None:
        barrier.wait()
        return client.orders_delta(channel="ipad").page.total

    with ThreadPoolExecutor(8) as executor:
        assert list(executor.map(read, range(8))) == [1] * 8
    assert server.tokens.refreshes == 2


def test_processes_that_start_together_share_one_refresh(log_in: LogIn, server: Sandbox, file: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from pipelines.inventorum.http.login import RotatingToken\n"
        "login = RotatingToken(*sys.argv[1:4], Path(sys.argv[4]), base_url=sys.argv[5])\n"
        "print(login.token())"
    )
    arguments = [server.client_id, server.client_secret, server.refresh_token, str(file), server.base_url]
    processes = [
        subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    printed = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert printed == {server.access_token}
    assert server.tokens.refreshes == 1


def test_the_token_before_is_tried_once_when_the_newest_is_refused(log_in: LogIn, server: Sandbox, file: Path) -> None:
    first = log_in().token()
    content = stored(file)
    file.write_text(json.dumps(content | {"refresh_token": "lost", "previous_refresh_token": content["refresh_token"]}))

    assert log_in().refresh(first) == server.access_token != first
    assert [request.path for request in server.requests].count("/api/auth/token/") == 3


def test_a_lost_login_says_how_to_log_in_again_and_keeps_the_file(log_in: LogIn, server: Sandbox, file: Path) -> None:
    first = log_in().token()
    before = file.read_bytes()
    server.tokens.revoke()
    server.requests.clear()

    with pytest.raises(LoginError) as caught:
        log_in().refresh(first)

    message = str(caught.value)
    assert caught.value.exit_code == 5
    assert "https://manager.shore.com" in message
    assert "SOURCES__INVENTORUM__REFRESH_TOKEN" in message
    assert "was used before" in message
    assert len(server.requests) == 2
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["token.json"]


def test_a_new_seed_wins_over_the_file_and_the_same_seed_does_not(
    log_in: LogIn, server: Sandbox, file: Path, wall: Wall
) -> None:
    log_in().token()
    server.tokens.revoke()
    wall.now += 900
    with pytest.raises(LoginError):
        log_in().token()

    new = server.refresh_token
    assert log_in(refresh_token=new).token() == server.access_token
    assert log_in(refresh_token=new).token() == server.access_token
    assert stored(file)["generation"] == 2


def test_a_new_seed_that_is_refused_does_not_fall_back_to_another_login(
    log_in: LogIn, server: Sandbox, file: Path
) -> None:
    log_in().token()
    before = file.read_bytes()
    with pytest.raises(LoginError):
        log_in(refresh_token="of-another-shop").token()
    assert server.tokens.refreshes == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"access_token": 5}', b"\xff\x00", b"   "])
def test_a_damaged_file_is_replaced_from_the_seed_or_named(
    content: bytes, log_in: LogIn, server: Sandbox, file: Path
) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    assert log_in().token() == server.access_token == stored(file)["access_token"]

    file.write_bytes(content)
    with pytest.raises(LoginError, match=r"token\.json holds no readable tokens"):
        log_in().token()


def test_tokens_of_a_process_that_died_before_the_rename_are_found(log_in: LogIn, server: Sandbox, file: Path) -> None:
    first = log_in().token()
    old = file.read_bytes()
    second = log_in().refresh(first)
    draft = file.with_name(".token.json.new")
    file.rename(draft)
    file.write_bytes(old)

    assert log_in().refresh(first) == second
    assert server.tokens.refreshes == 2
    third = log_in().refresh(second)
    assert third == server.access_token
    assert stored(file)["generation"] == 3
    assert not draft.exists()


def test_a_draft_that_was_never_finished_is_no_obstacle(log_in: LogIn, server: Sandbox, file: Path) -> None:
    file.parent.mkdir()
    file.with_name(".token.json.new").write_bytes(b" " * 100)
    assert log_in().token() == server.access_token
    assert [path.name for path in file.parent.iterdir()] == ["token.json"]


def test_a_folder_that_cannot_be_written_costs_no_refresh_token(log_in: LogIn, server: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(HomeError, match=r"token\.json could not be read or written"):
        log_in(file=tmp_path / "taken" / "token.json").token()
    (tmp_path / "folder" / ".token.json.new").mkdir(parents=True)
    with pytest.raises(HomeError):
        log_in(file=tmp_path / "folder" / "token.json").token()
    assert server.tokens.refreshes == 0


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Another folder, to which the token file is a link."""
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


def test_a_link_is_followed_and_the_volume_gets_the_new_tokens(
    log_in: LogIn, server: Sandbox, tmp_path: Path, volume: Path
) -> None:
    link = tmp_path / "token.json"
    link.symlink_to(volume / "kept.json")
    for generation in (1, 2, 3):
        login = log_in(file=link)
        login.refresh(login.token())

        assert link.is_symlink()
        assert stored(volume / "kept.json")["generation"] == generation + 1
    assert [path.name for path in volume.iterdir()] == ["kept.json"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []
    assert server.tokens.refreshes == 4


def test_a_link_into_a_folder_that_is_missing_costs_no_refresh_token(
    log_in: LogIn, server: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "token.json").symlink_to(tmp_path / "unmounted" / "token.json")
    with pytest.raises(HomeError, match="The login was not refreshed"):
        log_in(file=tmp_path / "token.json").token()
    assert server.tokens.refreshes == 0


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder in which this process may write nothing."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o755)
    folder.chmod(0o555)
    if os.getuid() == 0:  # who may do all becomes somebody who may not
        for above in folder.parents:
            if above.is_relative_to(tempfile.gettempdir()) and above != Path(tempfile.gettempdir()):
                above.chmod(above.stat().st_mode | 0o011)
        tmp_path.chmod(0o777)
        os.seteuid(65534)
    yield folder
    os.seteuid(os.getuid())
    folder.chmod(0o755)


@pytest.mark.parametrize("is_link", [False, True], ids=["the folder", "a link into it"])
def test_a_folder_that_may_not_be_written_is_seen_and_costs_no_refresh_token(
    log_in: LogIn, server: Sandbox, closed: Path, tmp_path: Path, is_link: bool
) -> None:
    file = tmp_path / "token.json" if is_link else closed / "token.json"
    if is_link:
        file.symlink_to(closed / "token.json")
    with pytest.raises(HomeError, match="The login was not refreshed") as seen:
        log_in(file=file).refuse_unwritable()
    with pytest.raises(HomeError) as refused:
        log_in(file=file).token()
    assert str(seen.value) == str(refused.value)
    assert server.tokens.refreshes == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("there", ["empty", "tokens"])
def test_a_file_that_cannot_be_renamed_over_is_written_in_place(
    log_in: LogIn, server: Sandbox, file: Path, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.parent.mkdir(exist_ok=True)
    if there == "tokens":
        log_in().token()
    else:
        file.touch()
    inode = file.stat().st_ino

    def busy(source: Path, target: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(os, "replace", busy)  # as the kernel answers where the file is mounted by itself

    for _ in range(3):
        login = log_in()
        assert login.refresh(login.token()) == server.access_token
        assert stored(file)["access_token"] == server.access_token
    assert file.stat().st_ino == inode
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_full_disk_costs_no_refresh_token(log_in: LogIn, server: Sandbox, file: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(HomeError, match="free some space"):
            log_in().token()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert server.tokens.refreshes == 0
    assert list(file.parent.iterdir()) == []
    assert log_in().token() == server.access_token


def test_tokens_that_another_program_holds_are_waited_for_and_then_reported(
    log_in: LogIn, file: Path, wall: Wall
) -> None:
    with TokenFile(file).locked(), pytest.raises(LockedError, match="has been holding the tokens"):
        log_in().token()
    assert 115 < sum(wall.slept) < 125


@pytest.mark.parametrize("kind", ["503", "429", "500", "reset", "close", "cut", "broken_json", "html", "empty_body"])
def test_a_refresh_that_fails_for_a_moment_is_repeated(kind: str, log_in: LogIn, server: Sandbox, wall: Wall) -> None:
    server.faults.push(kind, on="/auth/token/")
    server.tokens.grace = True
    assert log_in().token() == server.access_token
    assert len(wall.slept) == 1


def test_a_refresh_that_keeps_failing_is_no_lost_login(log_in: LogIn, server: Sandbox, file: Path) -> None:
    server.faults.push("503", times=5, on="/auth/token/")
    with pytest.raises(ApiError, match=r"POST /auth/token/ answered 503 on try 5 of 5") as caught:
        log_in().token()
    assert caught.value.exit_code == 6
    assert list(file.parent.iterdir()) == []


def test_a_token_that_still_lives_is_used_while_it_cannot_be_renewed(
    log_in: LogIn, server: Sandbox, wall: Wall
) -> None:
    login = log_in()
    first = login.token()
    wall.now += 850
    server.faults.push("503", times=5, on="/auth/token/")
    assert login.token() == login.token() == first
    assert len(server.faults) == 0
    wall.now += 61
    assert login.token() == server.access_token != first

    wall.now += 1001
    server.faults.push("503", times=5, on="/auth/token/")
    with pytest.raises(ApiError):
        login.token()


def test_an_answer_that_was_lost_after_the_rotation_is_repaired_by_a_grace_period(
    log_in: LogIn, server: Sandbox
) -> None:
    first = log_in().token()
    server.tokens.grace = True
    server.faults.push("reset", on="/auth/token/", processed=True)
    assert log_in().refresh(first) == server.access_token


def test_an_answer_that_was_lost_after_the_rotation_without_grace_is_a_lost_login(
    log_in: LogIn, server: Sandbox
) -> None:
    first = log_in().token()
    server.faults.push("reset", on="/auth/token/", processed=True)
    with pytest.raises(LoginError, match="Log in again"):
        log_in().refresh(first)


def test_a_wrong_client_secret_is_told_from_a_lost_login(log_in: LogIn) -> None:
    with pytest.raises(LoginError, match="CLIENT_ID") as caught:
        log_in(client_secret="wrong-secret").token()
    assert "wrong-secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["redirect", "redirect_away", "404", "405"])
def test_an_address_without_a_token_endpoint_is_named(kind: str, log_in: LogIn, server: Sandbox) -> None:
    server.faults.push(kind, on="/auth/token/")
    with pytest.raises(ApiError, match="BASE_URL"):
        log_in().token()


def test_a_server_that_echoes_tokens_does_not_bring_them_into_messages(log_in: LogIn, server: Sandbox) -> None:
    seed = server.refresh_token
    body = json.dumps({"error": "invalid_grant", "error_description": f"{seed} {server.client_secret} is gone"})
    server.faults.push("400", on="/auth/token/", body=body.encode())
    with pytest.raises(LoginError, match=r"\*\*\* \*\*\* is gone") as caught:
        log_in().token()
    assert seed not in str(caught.value)


@pytest.mark.parametrize(
    ("members", "expires_in"),
    [
        ({"expires_in": "500"}, 500.0),
        ({"expires_in": None}, None),
        ({"expires_in": -1}, None),
        ({"expires_in": "soon"}, None),
        ({}, None),
    ],
)
def test_a_grant_without_a_new_refresh_token_keeps_the_old_one(
    members: dict[str, Any], expires_in: float | None, log_in: LogIn, server: Sandbox, file: Path
) -> None:
    body = json.dumps({"access_token": "a", **members}).encode()
    assert log_in(post=lambda _: RawAnswer(200, {}, body)).token() == "a"
    assert (stored(file)["refresh_token"], stored(file)["previous_refresh_token"]) == (server.refresh_token, None)
    assert stored(file)["expires_in"] == expires_in


def test_logins_do_not_show_their_secrets(log_in: LogIn, server: Sandbox, file: Path) -> None:
    login = log_in()
    login.token()
    shown = repr(login) + repr(StaticToken("hidden")) + repr(vars(login)["_tokens"])
    for secret in (server.access_token, server.refresh_token, server.client_secret, "hidden"):
        assert secret not in shown


def test_a_static_token_cannot_be_renewed() -> None:
    login = StaticToken(" abc\n")
    assert login.token() == "abc"
    with pytest.raises(LoginError, match="SOURCES__INVENTORUM__ACCESS_TOKEN"):
        login.refresh("abc")


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nbreak", "schlüssel", "nul\0"])
def test_text_that_cannot_be_a_token_is_not_sent(token: str) -> None:
    with pytest.raises(LoginError, match="characters that no token has") as caught:
        StaticToken(token).token()
    assert not token.strip() or token not in str(caught.value)


def test_a_token_endpoint_without_encryption_is_refused(file: Path) -> None:
    with pytest.raises(SettingsError, match="unencrypted"):
        RotatingToken("id", "secret", "seed", file, base_url="http://app.inventorum.com/api")
