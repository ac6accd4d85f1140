"""The web server: the site, the feeds and a JSON API, from a calendar file or from a folder that `build` wrote.

`svsm_cal.web:app` is the ASGI application that the environment describes (`asgi.from_environment`), for any ASGI server;
it is made when it is first asked for. `running` runs it on granian.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from svsm_cal.web.asgi import from_environment

    globals()["app"] = made = from_environment()
    return made
