"""What the API answers to a request: the documented behaviour, without the network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.sandbox.account import CHANNELS
from pipelines.sandbox.checkout import REQUIRED, check_out, read_basket
from pipelines.sandbox.clock import microseconds, moment
from pipelines.sandbox.orders import SORT_FIELDS, Order
from pipelines.sandbox.shop import Shop
from pipelines.sandbox.switches import Outside, Switches
from pipelines.sandbox.tokens import Refused, Tokens

NEWEST_VERSION = 13
DELTA_ONLY = re.compile(
    rb',\s*"delta_state":\s*"[^"]*",\s*"user_id":\s*[^,]*,\s*"available_refund_types":\s*\[[^\]]*\]'
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in; header names in lower case.

    Attributes:
        number: Counts requests from 1.
        path: Without the query.
        params: The query, decoded.
        query: The query as it came.
    """

    number: int
    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""


@dataclass(slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The request is answered with an error."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def json_reply(status: int, value: Any) -> Reply:
    """An answer that is a small JSON value."""
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), {"Content-Type": "application/json"})


def field_errors(fields: Mapping[str, list[Any]], *, detail: bool = False) -> RefusedError:
    """400 with the API's messages per field; some endpoints repeat the description as `detail`."""
    description = "Serialization error"
    error: dict[str, Any] = {"error": {"fields": fields, "description": description, "key": "common.serializer_error"}}
    return RefusedError(json_reply(400, error | ({"detail": description} if detail else {})))


def not_found(key: str = "common.unknown") -> RefusedError:
    """404 in the API's own shape."""
    return RefusedError(json_reply(404, {"error": {"fields": {}, "description": None, "key": key}}))


class Api:
    """The API of one account.

    Attributes:
        shop: The account; may be replaced between two requests.
    """

    def __init__(self, shop: Shop, switches: Switches, tokens: Tokens) -> None:
        self.shop, self.switches, self.tokens = shop, switches, tokens
        self._routes: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("GET", "/api/orders/delta/"): self._delta,
            ("GET", "/api/orders/"): self._orders,
            ("POST", "/api/basket/"): self._basket,
            ("POST", "/api/auth/token/"): self._token,
        }

    def answer(self, request: Request) -> Reply:
        """The answer; one snapshot of the shop."""
        with self.shop.lock:
            try:
                return self._route(request)(request)
            except RefusedError as refusal:
                return refusal.reply

    def date(self, ahead: int = 0) -> str:
        """The server's time, some seconds ahead, as in a Date header."""
        now = datetime.fromtimestamp(int(self.shop.clock.now().timestamp()) + ahead, UTC)
        return format_datetime(now, usegmt=True)

    def _route(self, request: Request) -> Callable[[Request], Reply]:
        paths = {path for _, path in self._routes}
        if request.path not in paths:
            if f"{request.path}/" in paths:
                place = f"http://{request.headers.get('host', 'localhost')}{request.path}/"
                raise RefusedError(
                    Reply(301, b"", {"Location": f"{place}?{request.query}" if request.query else place})
                )
            raise not_found()
        route = self._routes.get((request.method, request.path))
        if route is None:
            raise RefusedError(json_reply(405, {"detail": f'Method "{request.method}" not allowed.'}))
        return route

    def _allow(self, request: Request, scope: str, schemes: tuple[str, ...] = ("Bearer",)) -> None:
        if not self.switches.check_token:
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme not in schemes:
            challenge = json_reply(401, {"detail": "Authentication credentials were not provided."})
            challenge.headers["WWW-Authenticate"] = 'Bearer realm="api"'
            raise RefusedError(challenge)
        scopes = self.tokens.scopes(token)
        if scopes is None:
            challenge = json_reply(401, {"detail": "Invalid token."})
            challenge.headers["WWW-Authenticate"] = 'Bearer realm="api"'
            raise RefusedError(challenge)
        if not any(own.partition(":")[0] == scope for own in scopes):
            raise RefusedError(json_reply(403, {"detail": "You do not have permission to perform this action."}))

    def _version(self, request: Request) -> int:
        text = request.headers.get("x-api-version", "12")
        if not text.isdecimal() or int(text) < 3:
            raise RefusedError(json_reply(400, {"detail": f"Unsupported API version {text!r}."}))
        return min(int(text), NEWEST_VERSION)

    def _delta(self, request: Request) -> Reply:
        self._allow(request, "orders")
        version = self._version(request)
        params, switches = request.params, self.switches
        channel = params.get("channel") or switches.delta_default_channel
        if channel is not None and (channel not in CHANNELS or channel in switches.refused_channels):
            raise field_errors({"channel": [f'"{channel}" is not a valid choice.']}, detail=True)
        since = None
        if params.get("start_date"):
            try:
                since = microseconds(moment(params["start_date"]))
            except ValueError as fault:
                raise field_errors({"start_date": ["Datetime has wrong format."]}, detail=True) from fault
        order_by = tuple(filter(None, params.get("order_by", "").split(",")))
        unknown = [name for name in order_by if name.lstrip("-") not in SORT_FIELDS]
        if unknown:
            raise field_errors({"order_by": [f'Cannot sort by "{unknown[0]}".']}, detail=True)
        found = self.shop.book.modified_since(
            (channel,) if channel else CHANNELS,
            since,
            hide_pending=version >= 12,
            order_by=() if switches.ignore_order_by else order_by,
        )
        rows = self._page(request, found, switches.delta_first_page, switches.delta_cap)
        texts = [order.payload for order in rows]
        if switches.relative_delta_state:
            texts = [_relative(order, since) for order in rows]
        return self._list(len(found), texts, version)

    def _orders(self, request: Request) -> Reply:
        self._allow(request, "orders")
        version = self._version(request)
        params = request.params
        channels: tuple[str, ...] = tuple(name for name in CHANNELS if name != "ipad")
        if params.get("channel"):
            refused = {"backoffice"} | self.switches.refused_channels
            if params["channel"] not in CHANNELS or params["channel"] in refused:
                raise field_errors({"channel": [f'"{params["channel"]}" is not a valid choice.']}, detail=True)
            channels = (params["channel"],)
        missing = {name: [REQUIRED] for name in ("start", "end") if not params.get(name)}
        if missing:
            raise field_errors(missing)
        start, end = (self._local(name, params[name]) for name in ("start", "end"))
        search = tuple(params.get("search", "").lower().split())
        found = self.shop.book.created_between(channels, start, end, search)
        rows = self._page(request, found, 1, self.switches.orders_cap)
        return self._list(len(found), [DELTA_ONLY.sub(b"", order.payload) for order in rows], version)

    def _basket(self, request: Request) -> Reply:
        self._allow(request, "checkout", schemes=("Bearer", "Token"))  # the documentation shows both
        version = self._version(request)
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise RefusedError(json_reply(415, {"detail": "Unsupported media type in request."}))
        try:
            basket, problems = read_basket(request.body, self.shop)
        except ValueError as fault:
            raise RefusedError(json_reply(400, {"detail": f"JSON parse error - {fault}"})) from fault
        if problems:
            raise field_errors(problems)
        reply = json_reply(201, check_out(basket, self.shop))
        reply.headers["X-Inv-Processed-Version"] = str(version)
        return reply

    def _token(self, request: Request) -> Reply:
        granted = self.tokens.refresh(request.headers.get("authorization", ""), request.body)
        if isinstance(granted, Refused):
            return json_reply(granted.status, {"error": granted.error, "error_description": granted.description})
        return json_reply(200, granted)

    def _local(self, name: str, text: str) -> int:
        """A time of the shop's zone, YYYY.MM.DD hh:mm:ss, as microseconds since 1970."""
        try:
            local = datetime.strptime(text, "%Y.%m.%d %H:%M:%S").replace(tzinfo=ZoneInfo(self.shop.timezone))
        except ValueError as fault:
            raise field_errors({name: ["Datetime has wrong format."]}, detail=True) from fault
        return microseconds(local.astimezone(UTC))

    def _page(self, request: Request, found: list[Order], first_page: int, cap: int) -> list[Order]:
        limit = min(_number(request, "limit", cap, least=1), cap)
        page = _number(request, "page", first_page, least=0)
        if page < first_page:
            return self._outside(self.switches.page_zero, found[:limit])
        offset = (page - first_page) * limit
        if offset >= len(found) and page > first_page:
            last = max(0, (len(found) - 1) // limit * limit)
            return self._outside(self.switches.past_end, found[last : last + limit])
        return found[offset : offset + limit]

    def _outside(self, answer: Outside, nearest: list[Order]) -> list[Order]:
        if answer == "400":
            raise field_errors({"page": ["Invalid page."]}, detail=True)
        if answer == "404":
            raise not_found()
        return nearest if answer == "repeat" else []

    def _list(self, total: int, texts: list[bytes], version: int) -> Reply:
        total = max(0, total + self.switches.total_error)
        body = b'{"total":%d,"data":[%b]}' % (total, b",".join(texts))
        headers = {"Content-Type": "application/json", "X-Inv-Processed-Version": str(version)}
        return Reply(200, body, headers)


def _number(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.params.get(name, str(default))
    if not text.lstrip("-").isdecimal():
        raise field_errors({name: ["A valid integer is required."]}, detail=True)
    if int(text) < least:
        raise field_errors({name: [f"Ensure this value is at least {least}."]}, detail=True)
    return int(text)


def _relative(order: Order, since: int | None) -> bytes:
    created = since is None or order.added >= since
    return re.sub(
        rb'("delta_state":\s*)"[^"]*"',
        rb'\1"created"' if created else rb'\1"updated"',
        order.payload,
        count=1,
    )
