"""`inventorum sandbox serve`: the local API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipelines.terminal import Common, command, console, show_json

group = typer.Typer(help="A local server that behaves as the API is documented.", no_args_is_help=True)


@command(group)
def serve(
    common: Common,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8765,
    orders: Annotated[int, typer.Option(help="Orders of the made-up shop.", min=0, max=1_000_000)] = 2000,
    days: Annotated[int, typer.Option(help="Days over which they are spread.", min=1, max=3650)] = 120,
    seed: Annotated[int, typer.Option(help="Another seed is another shop.")] = 1,
    trade_every: Annotated[float, typer.Option(help="Seconds between two rounds of trading; 0: none.", min=0)] = 0.0,
) -> int:
    """Serve the made-up shop until Ctrl-C and print the settings that point to it.

    Example: inventorum sandbox serve --port 8765
    """
    from pipelines.sandbox.generator import make_shop
    from pipelines.sandbox.server import serve as serve_shop

    def announce(sandbox: Any) -> None:
        where = {
            "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
            "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
        }
        if common.as_json:
            show_json(where)
        else:
            for name, value in where.items():
                console().print(f"export {name}={value}", markup=False, soft_wrap=True)
            console(stderr=True).print("Serving; Ctrl-C ends it.", style="dim")

    shop = make_shop(seed=seed, orders=orders, days=days)
    serve_shop(shop, port=port, trade_every=trade_every or None, on_ready=announce)
    return 0
