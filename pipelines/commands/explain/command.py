"""`inventorum explain`: where every figure of an order goes."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.terminal import Common, print_exactly, show_json


def explain(
    common: Common,
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="Id of the order, or its receipt number.")],
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Where several accounts share the number.")
    ] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Show names, addresses, e-mail, notes and receipt links too.")
    ] = False,
    payload: Annotated[
        int | None,
        typer.Option("--payload", metavar="VERSION", help="Print that version as the API sent it, personal data too."),
    ] = None,
) -> int:
    """Show everything about one order: versions, states, money, checks, report rows, where its bytes are.

    Names, addresses, e-mail, notes and receipt links are hidden without --personal. Times are UTC. Reads only; while
    a run writes the landing log, what the warehouse knows is shown.

    Example: inventorum explain 8791312
    """
    from pipelines.commands.explain.gather import gather, payload_of
    from pipelines.commands.explain.show import show

    files = common.settings().files
    if payload is not None:
        print_exactly([payload_of(files, order_id, payload, account=account)])
        return 0
    explained = gather(files, order_id, account=account, personal=personal)
    if common.as_json:
        show_json(explained.as_json())
    else:
        show(explained)
    return 0
