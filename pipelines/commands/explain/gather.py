"""One order from the bytes that the API sent to the report rows that it feeds; reads only."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.commands.explain.changes import HIDDEN, Change, changes
from pipelines.commands.explain.landed import Landed, Read, read_landed
from pipelines.commands.explain.published import Published, as_id, candidates, order_count, read_published
from pipelines.errors import SettingsError

if TYPE_CHECKING:
    from pipelines.settings import Files

MISSING = "missing"  # stands for the hash of a version that says: the API no longer lists this order
PERSONAL_COLUMNS = frozenset({"receipt_pdf_url", "customer_name", "company", "email", "zipcode", "city"})


@dataclass
class Version:
    """One version of an order.

    Attributes:
        known: Its row of `core.fct_order_versions`; None when it is not built in yet.
        place: The read that first showed it; None when the landing log could not be asked.
        reads: How many reads showed it.
        changes: What it changed; None when that cannot be told.
    """

    number: int
    known: dict[str, Any] | None = None
    place: Read | None = None
    reads: int = 0
    changes: list[Change] | None = None


@dataclass
class Explained:
    """Everything about one order.

    Attributes:
        notes: What the reader should know first: a running sync, versions that are not built in.
    """

    account: str
    order_id: int
    notes: list[str] = field(default_factory=list)
    published: Published = field(default_factory=Published)
    landed: Landed = field(default_factory=Landed)
    versions: list[Version] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Everything as plain values; payloads themselves are left out."""
        parts = self.published.parts
        return {
            "account": self.account,
            "order_id": self.order_id,
            "notes": self.notes,
            "order": self.published.order,
            "versions": [
                {
                    **(version.known or {"version_number": version.number}),
                    "changes": version.changes,
                    "reads": version.reads,
                    "raw": self._place(version.place),
                }
                for version in self.versions
            ],
            **{name: parts.get(name, []) for name in ("states", "lines", "vat", "payments", "shipments", "findings")},
            "customer": parts.get("customer", []),
            "absences": parts.get("absences", []),
            "quarantined": self.landed.quarantined,
            "marts": [asdict(row) for row in self.published.fed.rows],
            "untraced_marts": self.published.fed.untraced,
        }

    def _place(self, read: Read | None) -> dict[str, Any] | None:
        if read is None:
            return None
        place = {name: value for name, value in asdict(read).items() if name not in ("payload", "is_first", "account")}
        return place | {"window": self.landed.windows.get(read.window_id)}


def gather(files: Files, given: str, *, account: str | None = None, personal: bool = False) -> Explained:
    """Everything that is known about the order with that id or receipt number.

    Args:
        personal: Show names, addresses and notes.

    Raises:
        SettingsError: No such order, or several.
        TransformError: Nothing is published yet.
    """
    account, order_id = _which(files, given, account)
    explained = Explained(account or "", order_id)
    explained.landed = read_landed(files, order_id, account)
    if account is None:
        explained.account = _only_landed(files, given, explained.landed)
    explained.published = read_published(files.warehouse, explained.account, order_id)
    explained.versions = _versions(explained, personal=personal)
    explained.notes = _notes(explained, given)
    if not personal:
        _hide(explained)
    return explained


def payload_of(files: Files, given: str, number: int, *, account: str | None = None) -> str:
    """The bytes of one version of an order as the API sent them.

    Raises:
        SettingsError: No such order or version.
        LockedError: A run is writing the landing log.
    """
    from pipelines.errors import LockedError

    account, order_id = _which(files, given, account)
    landed = read_landed(files, order_id, account)
    if landed.note:
        raise LockedError(landed.note)
    for read in landed.versions():
        if read.version_number == number and read.payload is not None:
            return read.payload
    raise SettingsError(f"Order {order_id} has {len(landed.versions())} versions in {files.landing}; {number} is none.")


def _which(files: Files, given: str, account: str | None) -> tuple[str | None, int]:
    """Account and id of the order that is meant; no account when only the landing log may know it."""
    found = candidates(files.warehouse, given, account)
    if len(found) > 1:
        listed = ", ".join(f"{order_id} (account {of})" for of, order_id, _ in found[:10])
        raise SettingsError(f"{given} fits {len(found)} orders: {listed}. Give the id, and --account if they share it.")
    if found:
        return found[0][0], found[0][1]
    number = as_id(given)
    if number is None:
        landed = read_landed(files, None, account, text=given)
        raise SettingsError(_unknown(files, given) + _rejected(landed))
    return account, number


def _only_landed(files: Files, given: str, landed: Landed) -> str:
    """The account of an order that the warehouse does not know."""
    accounts = sorted({read.account for read in landed.reads})
    if len(accounts) == 1:
        return accounts[0]
    if accounts:
        raise SettingsError(f"{given} fits orders of {', '.join(accounts)}. Choose one with --account.")
    raise SettingsError(_unknown(files, given) + _rejected(landed) + (f" {landed.note}" if landed.note else ""))


def _unknown(files: Files, given: str) -> str:
    orders = order_count(files.warehouse)
    if not orders:
        return f"{files.warehouse} holds no orders yet, so none is {given!r}. Run `inventorum sync`."
    return (
        f"No order has the id or receipt number {given!r}: not among the {orders:,} orders of "
        f"{files.warehouse}. Drafts and pending orders are not sent by the API; "
        "`inventorum orders --from D --to D` asks it directly."
    )


def _rejected(landed: Landed) -> str:
    if not landed.quarantined:
        return ""
    count, last = len(landed.quarantined), landed.quarantined[-1]
    return (
        f" A record with this id was rejected ({last['reason']}), last at {last['read_at']:%Y-%m-%d %H:%M:%S} UTC; "
        f"raw.quarantine has {_several(count, 'reading')} of it."
    )


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _versions(explained: Explained, *, personal: bool) -> list[Version]:
    known = explained.published.parts.get("versions", [])
    versions = {row["version_number"]: Version(row["version_number"], known=row) for row in known}
    before: Read | None = None
    for read in explained.landed.reads:
        if read.account != explained.account:
            continue
        version = versions.setdefault(read.version_number, Version(read.version_number))
        version.reads += 1
        if read.is_first:
            version.place = read
            if before is not None and read.content_hash != MISSING and before.payload and read.payload:
                version.changes = changes(before.payload, read.payload, personal=personal)
            before = read
    return [versions[number] for number in sorted(versions)]


def _notes(explained: Explained, given: str) -> list[str]:
    notes = [explained.landed.note] if explained.landed.note else []
    if given != str(explained.order_id):
        notes.append(f"{given} is the receipt number of order {explained.order_id}.")
    waiting = [version for version in explained.versions if version.known is None]
    lost = [version for version in explained.versions if version.place is None]
    other = [v for v in explained.versions if v.known and v.place and v.known["content_hash"] != v.place.latest_hash]
    if explained.published.order is None:
        notes.append("The warehouse does not know this order yet: run `inventorum build`.")
    elif waiting:
        notes.append(f"{_several(len(waiting), 'version')} loaded, but not built in: run `inventorum build`.")
    if (lost or other) and not explained.landed.note:
        numbers = ", ".join(str(version.number) for version in (*lost, *other))
        notes.append(
            f"The landing log does not hold version {numbers} as it was built in: it was replaced or edited since. "
            "Run `inventorum build --full`."
        )
    for absence in explained.published.parts.get("absences", []):
        state = "counts as missing" if absence["is_missing"] else "counts as missing once a later reconciliation agrees"
        since = f"{absence['missing_since']:%Y-%m-%d %H:%M}"
        notes.append(f"The API has not listed this order since {since} UTC; it {state}.")
    if explained.landed.quarantined:
        count = _several(len(explained.landed.quarantined), "record")
        notes.append(f"{count} with this id could not be loaded; --json tells why.")
    return notes


def _hide(explained: Explained) -> None:
    rows = [explained.published.order or {}]
    rows += [row for part in explained.published.parts.values() for row in part]
    rows += [row.row for row in explained.published.fed.rows]
    for row in rows:
        for name in PERSONAL_COLUMNS & row.keys():
            if row[name] is not None:
                row[name] = HIDDEN
