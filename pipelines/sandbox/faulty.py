"""Answers that are wrong on purpose."""

from __future__ import annotations

import re

from pipelines.sandbox.answers import Reply, json_reply
from pipelines.sandbox.faults import Fault

NGINX = b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center></body>\r\n</html>\r\n"
MAINTENANCE = "<!doctype html><title>Wartung</title><h1>Wir sind gleich zurück</h1>".encode()
NEEDS_ANSWER = {"drip", "cut", "broken_json", "list", "empty_page", "no_date"}
"""Kinds that spoil the right answer; the others make up one of their own."""


def error_reply(fault: Fault, status: int, date_ahead: str, path: str) -> Reply:
    """An error status as the API, or the proxy in front of it, would send it.

    Args:
        date_ahead: What Retry-After says if the fault asks for a date.
    """
    if fault.body is not None:
        reply = Reply(status, fault.body, {"Content-Type": "application/json"})
    elif status >= 500:
        reply = Reply(status, NGINX % (status, status), {"Content-Type": "text/html"})
    elif path.endswith("/auth/token/"):
        reply = json_reply(status, {"error": "invalid_client" if status == 401 else "invalid_grant"})
    elif status == 401:
        reply = json_reply(status, {"detail": "Invalid token."})
    elif status == 429:
        reply = json_reply(status, {"detail": "Request was throttled."})
    else:
        error: dict[str, object] = {"fields": {}, "description": None, "key": "common.unknown"}
        reply = json_reply(status, {"error": error})
    if fault.retry_after is not None:
        reply.headers["Retry-After"] = date_ahead if fault.retry_after == "date" else str(fault.retry_after)
    return reply


def spoiled(reply: Reply, kind: str) -> Reply:
    """The right answer, spoiled as the kind says."""
    if kind == "broken_json":
        return Reply(200, reply.body[: len(reply.body) // 2], reply.headers)
    if kind == "list":
        rows = re.search(rb'"data":(.*)}', reply.body, re.DOTALL)
        return Reply(200, rows[1] if rows else b"[]", reply.headers)
    if kind == "empty_page":
        total = re.match(rb'{"total":(\d+)', reply.body)
        more = max(1, int(total[1])) if total else 1
        return Reply(200, b'{"total":%d,"data":[]}' % more, reply.headers)
    return reply


def made_up(fault: Fault, base_url: str) -> Reply:
    """A 200 that is no answer, or a redirect."""
    if fault.kind == "html":
        return Reply(200, MAINTENANCE, {"Content-Type": "text/html; charset=utf-8"})
    if fault.kind in ("null", "empty_body"):
        body = b"null" if fault.kind == "null" else b""
        return Reply(200, body, {"Content-Type": "application/json"})
    host = base_url if fault.kind == "redirect" else "https://elsewhere.example.com/api"
    return Reply(302, b"", {"Location": fault.location or f"{host}/orders/elsewhere/"})
