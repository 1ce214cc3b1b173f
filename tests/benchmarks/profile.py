"""Where the time of a run goes: the steps that `sync --json` and `ops.runs` name, in a few groups."""

from __future__ import annotations

from tests.benchmarks.table import Results

WORKS = ("first sync", "nothing new", "read again", "change", "full build")
INSIDE = "build: "
NAMES = {
    "setup": "open files, find what is new, read the compiled SQL",
    "staging": "staging: parse the payloads once, take them apart",
    "increments": "increments: which keys a batch touches",
    "core": "core: facts and dimensions",
    "stored": "what the facts hold of the batch",
    "ops": "ops: aggregates and bookkeeping",
    "marts": "marts",
    "checks": "checks",
}


def profile(results: Results) -> str:
    """A table of seconds with a column for each size and piece of work; the last run of each."""
    columns = [
        (orders, work, groups)
        for orders in sorted(results.steps)
        for work in WORKS
        if (groups := _groups(results.steps[orders].get(work, {})))
    ]
    rows = list(dict.fromkeys(name for *_, groups in columns for name in groups))
    head = "| wall-clock seconds | " + " | ".join(f"{work}, {orders:,}" for orders, work, _ in columns) + " |\n"
    text = head + "|---" * (len(columns) + 1) + "|\n"
    for row in rows:
        cells = (f"{groups[row]:.2f}" if row in groups else "" for *_, groups in columns)
        text += f"| {row} | " + " | ".join(cells) + " |\n"
    return text


def _groups(steps: dict[str, float]) -> dict[str, float]:
    """Seconds of each group, in the order in which a run does the work."""
    found: dict[str, float] = {}
    for name in ("import", "load"):
        if name in steps:
            found[name] = steps[name]
    inside = {name.removeprefix(INSIDE): value for name, value in steps.items() if name.startswith(INSIDE)}
    for group, shown in NAMES.items():
        seconds = [value for name, value in inside.items() if name.partition(".")[0] == group]
        if seconds:
            found[shown] = sum(seconds)
    if "build" in steps:
        found["commit, checkpoint, the rest of the build"] = max(0.0, steps["build"] - sum(inside.values()))
    if "publish" in steps:
        found["publish"] = steps["publish"]
    return found
