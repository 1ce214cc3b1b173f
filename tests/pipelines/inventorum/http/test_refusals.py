"""The API's own words, from any shape of error body."""

from __future__ import annotations

import json

import pytest

from pipelines.inventorum.http.refusals import Refusal, read_refusal

REQUIRED = {"items": ["This field is required."]}
SERIALIZER = {"fields": REQUIRED, "description": "Serialization error", "key": "common.serializer_error"}
NOT_FOUND: dict[str, object] = {"fields": {}, "description": None, "key": "product.not_found"}
WORDS = "Serialization error; items: This field is required."

SHAPES = {
    "fields and description": ({"error": SERIALIZER}, Refusal(WORDS, "common.serializer_error", REQUIRED)),
    "the same with detail": (
        {"error": SERIALIZER, "detail": "Serialization error"},
        Refusal(WORDS, "common.serializer_error", REQUIRED),
    ),
    "detail only": ({"detail": "Validation error"}, Refusal("Validation error.")),
    "a key only": ({"error": NOT_FOUND}, Refusal("product.not_found.", "product.not_found")),
    "OAuth": ({"error": "invalid_grant"}, Refusal("invalid_grant.", "invalid_grant")),
    "OAuth with words": (
        {"error": "invalid_grant", "error_description": "Token is gone."},
        Refusal("Token is gone, invalid_grant.", "invalid_grant"),
    ),
    "bare fields": (
        {"start": ["Required."], "end": ["Required."]},
        Refusal("start: Required.; end: Required.", None, {"start": ["Required."], "end": ["Required."]}),
    ),
    "a list": (["Not allowed."], Refusal("Not allowed.")),
    "nested messages": (
        {"error": {"fields": {"items": [{"price": ["x"]}], "customer": "no"}}},
        Refusal(
            'items: {"price": ["x"]}; customer: no.', None, {"items": ['{"price": ["x"]}'], "customer": ["no"]}
        ),
    ),
    "nothing said": ({"error": {"fields": None, "description": 7, "key": []}}, Refusal("The answer held no message.")),
    "null": (None, Refusal("The answer held no message.")),
    "a number": (3, Refusal("The answer held no message.")),
}  # fmt: skip


@pytest.mark.parametrize(("body", "refusal"), SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_of_error_is_put_in_words(body: object, refusal: Refusal) -> None:
    assert read_refusal(json.dumps(body).encode()) == refusal


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The answer had no body."),
        (b"<html><head><TITLE>\n502 Bad\nGateway</title>", "The answer was a web page titled “502 Bad Gateway”."),
        (b"<html>", "The answer was no JSON."),
        (b'{"error":', "The answer was no JSON."),
        (b"\xff\xfe", "The answer was no JSON."),
        (b"[" * 100_000, "The answer was no JSON."),
    ],
)
def test_a_body_that_is_no_json_is_described(body: bytes, message: str) -> None:
    assert read_refusal(body) == Refusal(message)


def test_messages_stay_short_and_printable() -> None:
    refusal = read_refusal(json.dumps({"detail": "a\x1b[31m\nb" + "x" * 1000}).encode())
    assert refusal.message.startswith("a [31m bxxx")
    assert refusal.message.isprintable()
    assert len(refusal.message) <= 301
