"""A standalone Spark cluster of processes on loopback: a master, and workers that can be killed and begun anew."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

SECONDS = 60.0


def spark_home() -> Path:
    """Where pyspark brings Spark along."""
    found = importlib.util.find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


class Cluster:
    """A master and workers of one core each; ends with the block, whatever happens in it.

    Attributes:
        master: Its address.
    """

    def __init__(self, folder: Path, workers: int, memory: str = "1g") -> None:
        self.folder = folder
        self.memory = memory
        self._count = workers
        self._running: list[subprocess.Popen[bytes]] = []
        self._logs: list[IO[bytes]] = []
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.master = f"spark://127.0.0.1:{self._port}"

    def __enter__(self) -> Cluster:
        self.folder.mkdir(parents=True)
        try:
            self._begin("master.Master", "master", "--port", str(self._port))
            self._wait_for("master", "I have been elected leader")
            self.workers = [self.begin_worker(number) for number in range(self._count)]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            _kill(process)
        for log in self._logs:
            log.close()

    def begin_worker(self, number: int) -> subprocess.Popen[bytes]:
        """A worker that the master knows."""
        name = f"worker-{number}-{len(self._running)}"
        options = ["--cores", "1", "--memory", self.memory, "--work-dir", str(self.folder / name), self.master]
        process = self._begin("worker.Worker", name, *options)
        self._wait_for(name, "Successfully registered with master")
        return process

    def kill_worker(self, number: int) -> None:
        """End a worker and its executors at once, and begin another in its place."""
        _kill(self.workers[number])
        self.workers[number] = self.begin_worker(number)

    def peak_memory(self) -> int:
        """Bytes that the processes of the cluster have held at most, each at its own time."""
        found = 0
        for process in self._running:
            for group in _members(process.pid):
                with suppress(OSError, StopIteration, ValueError):
                    lines = Path(f"/proc/{group}/status").read_text().splitlines()
                    found += int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
        return found

    def _begin(self, role: str, name: str, *options: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("wb")
        self._logs.append(log)
        process = subprocess.Popen(
            [
                str(spark_home() / "bin" / "spark-class"),
                f"org.apache.spark.deploy.{role}",
                *("--host", "127.0.0.1", "--webui-port", "0"),
                *options,
            ],
            env=os.environ
            | {
                "SPARK_HOME": str(spark_home()),
                "SPARK_LOCAL_IP": "127.0.0.1",
                "SPARK_DAEMON_MEMORY": "256m",
                "SPARK_DAEMON_JAVA_OPTS": "-Dspark.master.rest.enabled=false",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running.append(process)
        return process

    def _wait_for(self, name: str, words: str) -> None:
        log = self.folder / f"{name}.log"
        until = time.monotonic() + SECONDS
        while words not in log.read_text("utf-8", "replace"):
            if time.monotonic() > until:
                raise TimeoutError(f"{log} does not say: {words}")
            time.sleep(0.2)


def _members(group: int) -> list[int]:
    """The processes of a session, executors among them."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ProcessLookupError):
            if os.getsid(int(path.name)) == group:
                found.append(int(path.name))
    return found


def _kill(process: subprocess.Popen[bytes]) -> None:
    for member in _members(process.pid):
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    process.wait()
