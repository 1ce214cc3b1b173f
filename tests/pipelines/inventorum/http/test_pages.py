"""Pages and their records: verbatim, hashed, and none spoiled by its neighbour."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import sandbox
from pipelines.inventorum.http import records
from pipelines.inventorum.http.pages import BrokenBody, OrderRow, Page, Rejected, parse_page

SAMPLES = sorted((Path(sandbox.__file__).parent / "samples").glob("*.json"))
GOOD = b'{"id":1,"state":360,"channel":"ipad","note":"a"}'


def page_of(*records: bytes, total: bytes = b"7") -> Page:
    return parse_page(b'{"total":%b,"data":[%b]}' % (total, b",".join(records)))


def reference_hash(order: dict[str, Any]) -> str:
    """As the contract words it, with the standard library."""
    members = [
        json.dumps(name, ensure_ascii=False) + ":" + json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        for name, value in sorted(order.items())
        if name not in ("delta_state", "user_id", "available_refund_types")
    ]
    return blake2b(("{" + ",".join(members) + "}").encode(), digest_size=16).hexdigest()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_published_order_is_kept_byte_for_byte(sample: Path) -> None:
    text = sample.read_bytes().strip()
    order = json.loads(text)

    [row] = page_of(text).orders

    assert bytes(row.payload) == text
    assert row[:3] == (order["id"], order["channel"], order["state"])
    assert row.content_hash == reference_hash(order)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_whitespace_and_the_members_that_vary_by_request_do_not_change_the_hash(sample: Path) -> None:
    order = json.loads(sample.read_bytes())
    varied = {"user_id": 7, "available_refund_types": [], "delta_state": "updated", **dict(reversed(order.items()))}
    texts = [
        json.dumps(order, separators=(",", ":"), ensure_ascii=False),
        json.dumps(order, ensure_ascii=False),
        json.dumps(order, indent=4, ensure_ascii=False),
        json.dumps(varied, separators=(",", ":"), ensure_ascii=False),
        json.dumps(order, separators=(" ,", " : "), ensure_ascii=False),
    ]
    assert {page_of(text.encode()).orders[0].content_hash for text in texts} == {reference_hash(order)}


@pytest.mark.parametrize("name", ["loyalty", "__class__", "not-a-name", "größe", "", 'a"b', "member_loyalty"])
def test_members_that_are_new_belong_to_the_hash(name: str) -> None:
    orders: list[dict[str, Any]] = [{"id": 1, "state": 360}, {"id": 2, name: {"points": 1}, "state": 360}]
    for ascii_ in (False, True):
        texts = [json.dumps(order, separators=(",", ":"), ensure_ascii=ascii_).encode() for order in orders]
        for _ in range(2):
            page = page_of(*texts)
            assert page.orders[0].content_hash == reference_hash(orders[0])
            assert [bytes(row.payload) for row in page.orders] == texts
            assert page.keys == [1, 2]
            assert ascii_ or page.orders[1].content_hash == reference_hash(orders[1])


def test_more_members_than_are_remembered_are_read_as_well() -> None:
    order = {"id": 1, **{f"member_{number}": number for number in range(300)}}
    row = page_of(json.dumps(order, separators=(",", ":")).encode()).orders[0]
    assert row.content_hash == reference_hash(order)


def test_space_inside_of_text_changes_the_hash() -> None:
    one, two = (page_of(b'{"id":1,"note":"%b"}' % note).orders[0] for note in (b"a, b", b"a,b"))
    assert one.content_hash != two.content_hash


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
orders = st.builds(
    lambda members, order_id: {**members, "id": order_id},
    st.dictionaries(st.text(max_size=6), json_values, max_size=4),
    st.integers(-(2**63), 2**63 - 1),
)
styles = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\n", ":\t")])


@given(st.lists(st.tuples(orders, styles, st.booleans()), max_size=4), styles)
def test_any_page_is_taken_apart_as_the_standard_library_reads_it(
    records: list[tuple[dict[str, Any], tuple[str, str], bool]], style: tuple[str, str]
) -> None:
    texts = [json.dumps(order, separators=own, ensure_ascii=ascii_) for order, own, ascii_ in records]
    body = f'{{"total"{style[1]}{len(texts)}{style[0]}"data"{style[1]}[{style[0].join(texts)}]}}'

    page = parse_page(body.encode())

    assert [bytes(row.payload).decode() for row in page.orders] == texts
    assert page.keys == [row.order_id for row in page.orders] == [order["id"] for order, _, _ in records]
    assert (page.total, page.rejected) == (len(texts), [])


@given(orders)
def test_the_lenient_way_gives_the_same_hash_as_the_fast_one(order: dict[str, Any]) -> None:
    text = json.dumps(order, ensure_ascii=False).encode()
    fast = page_of(text).orders[0]
    assert records.salvage_record(text, text.decode()).row == fast


ODD_BUT_READABLE = {
    "lone surrogate": rb'{"id":2,"note":"\ud800"}',
    "lone surrogate in a name": rb'{"id":2,"\udfff":1}',
    "escaped NUL": rb'{"id":2,"note":"a\u0000b"}',
    "raw NUL": b'{"id":2,"note":"a\x00b"}',
    "raw newline in text": b'{"id":2,"note":"a\nb"}',
    "NaN": b'{"id":2,"amount_paid":NaN}',
    "Infinity": b'{"id":2,"amount_paid":-Infinity}',
    "deep nesting": b'{"id":2,"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "deep objects": b'{"id":2,"x":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    "a name twice": b'{"id":2,"state":1,"state":360}',
    "10 MB of text": b'{"id":2,"note":"' + b"x\\n" * 3_500_000 + b'"}',
    "2**63 as an amount": b'{"id":2,"amount_paid":9223372036854775808}',
    "1e999": b'{"id":2,"amount_paid":1e999}',
    "exponent": b'{"id":2,"amount_paid":"1.5E+3"}',
    "empty text": b'{"id":2,"amount_paid":""}',
    "a date of zeros": b'{"id":2,"completed_at":"0000-00-00"}',
    "a float for money": b'{"id":2,"amount_paid":0.1}',
    "text for a list": b'{"id":2,"payments":"none"}',
    "nothing but an id": b'{"id":2}',
    "new members": b'{"id":2,"loyalty":{"points":[1,2]}}',
    "brackets in text": rb'{"id":2,"note":"]}, {\"id\": 9}, [\\"}',
    "an id in quotes": b'{"id":"2"}',
}


@pytest.mark.parametrize("record", ODD_BUT_READABLE.values(), ids=ODD_BUT_READABLE.keys())
def test_an_odd_record_is_an_order_like_its_neighbours(record: bytes) -> None:
    page = page_of(GOOD, record, GOOD.replace(b"1,", b"3,", 1))

    assert [row.order_id for row in page.orders] == [1, 2, 3]
    assert (page.keys[0], page.keys[2]) == (1, 3)
    assert bytes(page.orders[1].payload) == record
    assert bytes(page.orders[0].payload) == GOOD
    assert (page.rejected, page.damaged) == ([], 0)
    assert page.orders[0].content_hash == page_of(GOOD).orders[0].content_hash


NO_ORDERS = {
    "null": (b"null", "the record is not an object", None),
    "a number": (b"5", "the record is not an object", None),
    "a list": (b'[{"id":2}]', "the record is not an object", None),
    "text": (rb'"{\"id\": 2}"', "the record is not an object", None),
    "no id": (b'{"state":360}', "the record has no id", None),
    "id null": (b'{"id":null}', "the record has no id", None),
    "id true": (b'{"id":true}', "the id is not an integer", "true"),
    "id 1.5": (b'{"id":1.5}', "the id is not an integer", "1.5"),
    "id 2.0": (b'{"id":2.0}', "the id is not an integer", "2.0"),
    "id 1e3": (b'{"id":1e3}', "the id is not an integer", "1e3"),
    "id abc": (b'{"id":"abc"}', "the id is not an integer", "abc"),
    "id empty": (b'{"id":""}', "the id is not an integer", ""),
    "id with zeros": (b'{"id":"007"}', "the id is not an integer", "007"),
    "id with space": (b'{"id":" 7"}', "the id is not an integer", " 7"),
    "id in other digits": ('{"id":"٧"}'.encode(), "the id is not an integer", "٧"),
    "id an object": (b'{"id":{"id":2}}', "the id is not an integer", '{"id":2}'),
    "id 2**63": (b'{"id":9223372036854775808}', "the id is outside of BIGINT", "9223372036854775808"),
    "id -2**63-1": (b'{"id":"-9223372036854775809"}', "the id is outside of BIGINT", "-9223372036854775809"),
    "id of 5000 digits": (b'{"id":%b}' % (b"9" * 5000), "the id is not an integer", "9" * 100),
    "id NaN": (b'{"id":NaN}', "the id is not an integer", "NaN"),
}


@pytest.mark.parametrize(("record", "reason", "order_id"), NO_ORDERS.values(), ids=NO_ORDERS.keys())
def test_what_cannot_be_an_order_is_rejected_with_its_reason(record: bytes, reason: str, order_id: str | None) -> None:
    page = page_of(GOOD, record, GOOD.replace(b"1,", b"3,", 1))

    assert [row.order_id for row in page.orders] == [1, 3]
    assert page.rejected == [Rejected(reason, order_id, record.decode())]
    assert [key for key in page.keys if isinstance(key, int)] == [1, 3]
    assert isinstance(page.keys[1], str)
    assert page.damaged == 0


DAMAGED = {
    "not UTF-8": (b'{"id":2,"note":"M\xfcller"}', "the text is not UTF-8", r'{"id":2,"note":"M\xfcller"}'),
    "a comma is missing": (b'{"id":2 "state":1}', "the record is not JSON", '{"id":2 "state":1}'),
    "a value is missing": (
        b'{"id":2,"state":}',
        "the record is not JSON: a member of an object has no name or no value",
        None,
    ),
    "a leading zero": (b'{"id":2,"x":01}', "the record is not JSON", None),
    "a wrong escape": (rb'{"id":2,"x":"\q"}', "the record is not JSON", None),
    "a word": (b'{"id":2,"x":undefined}', "the record is not JSON", None),
    "nothing": (b"", "the record is not an object", None),
}


@pytest.mark.parametrize(("record", "reason", "payload"), DAMAGED.values(), ids=DAMAGED.keys())
def test_what_no_parser_reads_is_rejected_and_counted_as_damaged(
    record: bytes, reason: str, payload: str | None
) -> None:
    page = page_of(GOOD, record, GOOD.replace(b"1,", b"3,", 1))

    assert [row.order_id for row in page.orders] == [1, 3]
    [rejected] = page.rejected
    assert (rejected.reason, rejected.payload) == (reason, record.decode() if payload is None else payload)
    assert page.damaged == 1


BROKEN = {
    "empty": (b"", "an empty body"),
    "blank": (b" \n", "an empty body"),
    "HTML": (b"<html><body>502</body></html>", "HTML where JSON is due"),
    "a list": (b'[{"id":1}]', "a list where an object is due"),
    "null": (b"null", "something that is no JSON object"),
    "text": (b'"ok"', "something that is no JSON object"),
    "cut": (b'{"total":1,"data":[{"id":1,', "JSON that is cut or broken"),
    "cut in text": (b'{"total":1,"data":[{"id":1,"note":"abc', "JSON that is cut or broken"),
    "cut after an escape": (b'{"total":1,"data":[{"id":1,"note":"abc\\', "JSON that is cut or broken"),
    "cut before the end": (b'{"total":1,"data":[{"id":1}]', "JSON that is cut or broken"),
    "twice": (b'{"total":1,"data":[]}{"total":1,"data":[]}', "JSON that is cut or broken"),
    "mismatched": (b'{"total":1,"data":[{"id":1]}}', "JSON that is cut or broken"),
    "no data": (b'{"total":1}', "an object without a list `data`"),
    "data null": (b'{"total":0,"data":null}', "an object without a list `data`"),
    "data an object": (b'{"total":0,"data":{}}', "an object without a list `data`"),
    "an error": (b'{"error":{"key":"common.unknown"}}', "an error object with a status of success"),
}


@pytest.mark.parametrize(("body", "what"), BROKEN.values(), ids=BROKEN.keys())
def test_a_body_that_is_no_page_is_named_without_being_quoted(body: bytes, what: str) -> None:
    with pytest.raises(BrokenBody) as caught:
        parse_page(body)
    assert str(caught.value) == what


@pytest.mark.parametrize("size", [1, 10, 50, 200])
def test_a_page_that_was_cut_anywhere_is_never_taken_for_a_shorter_one(size: int) -> None:
    body = b'{"total":3,"data":[%b]}' % b",".join([GOOD] * 3)
    for end in range(len(body)):
        with pytest.raises(BrokenBody):
            parse_page(body[:end])
    assert len(parse_page(body + b" " * size).orders) == 3


@pytest.mark.parametrize(
    ("text", "total"),
    [(b"7", 7), (b'"7"', 7), (b"0", 0), (b"null", None), (b"true", None), (b"7.0", None), (b"-1", None), (b"{}", None)],
)
def test_a_total_that_is_no_count_is_unknown(text: bytes, total: int | None) -> None:
    assert page_of(GOOD, total=text).total == total
    assert page_of(b"null", total=text).total == total


def test_a_page_without_a_total_or_with_a_byte_order_mark_is_read() -> None:
    assert parse_page(b'{"data":[%b]}' % GOOD).total is None
    assert parse_page(b'\xef\xbb\xbf{"total":1,"data":[%b]}' % GOOD).total == 1
    assert parse_page(b'{"data":[], "total":0, "next":null}') == Page(0, [], [], [])


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (b"360", 360), (b'"01"', 1), (b'"360"', 360), (b"0", 0), (b"-1", -1), (b"2147483647", 2**31 - 1),
        (b"2147483648", None), (b'"9999999999"', None), (b"3.0", None), (b'"paid"', None), (b'""', None),
        (b"null", None), (b"true", None), (b"[360]", None),
    ],
)  # fmt: skip
def test_a_state_is_an_integer_or_its_text(text: bytes, state: int | None) -> None:
    assert page_of(b'{"id":1,"state":%b}' % text).orders[0].state == state
    assert page_of(b'{"id":1,"state":%b, "x": NaN}' % text).orders[0].state == state


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        (b'"ipad"', "ipad"), (b'"click_and_collect"', "click_and_collect"), (rb'"\u00fc\n"', "ü\n"), (b'""', ""),
        ('"Lädchen"'.encode(), "Lädchen"), (b"1", None), (b"null", None), (b'["ipad"]', None), (rb'"\ud800"', None),
    ],
)  # fmt: skip
def test_a_channel_is_text(text: bytes, channel: str | None) -> None:
    assert page_of(b'{"id":1,"channel":%b}' % text).orders[0].channel == channel
    assert page_of(b'{"id":1,"channel":%b, "x": NaN}' % text).orders[0].channel == channel


def test_many_different_states_and_channels_do_not_confuse_each_other() -> None:
    records = [b'{"id":%d,"state":%d,"channel":"c%d"}' % (n, n, n) for n in range(3000)]
    assert [row[:3] for row in page_of(*records).orders] == [(n, f"c{n}", n) for n in range(3000)]


@pytest.mark.parametrize(
    ("record", "is_sorted"),
    [(b'{"id":2}', True), (b'{"id": 2}', True), (b'{"id":"2"}', False), (b'{"id":2,"x":NaN}', False), (b"2", False)],
)
def test_only_plain_records_show_where_they_are_sorted(record: bytes, is_sorted: bool) -> None:
    [key] = page_of(record).keys
    assert isinstance(key, int) == is_sorted


def test_rows_are_plain_tuples() -> None:
    assert OrderRow._fields == ("order_id", "channel", "state", "payload", "content_hash")
