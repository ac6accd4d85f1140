"""The web server: the site, the feeds and a JSON API, from a calendar file or from a folder that `build` wrote.

`svsm_cal.web:app` is for any ASGI server; `running` runs the same application on granian.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import SvsmCalError

if TYPE_CHECKING:
    from svsm_cal.web.asgi import AsgiApplication


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer as the application that the environment describes (`asgi.from_environment`), made when the server starts."""
    try:
        made = _made()
    except SvsmCalError as error:
        if scope["type"] != "lifespan":
            raise
        await receive()
        await send({"type": "lifespan.startup.failed", "message": f"svsm-cal: {error}"})
    else:
        await made(scope, receive, send)


@cache
def _made() -> AsgiApplication:
    from svsm_cal.web.asgi import from_environment

    return from_environment()
