"""The command as an act that can be struck at any of its writes: see `tests.store.killing`."""

from __future__ import annotations

import sys

from svsm_cal.cli import command
from tests.store import acts


def perform(*words: str) -> int:
    """Run svsm-cal with words as arguments, and return its exit status."""
    import svsm_cal.app.worker  # noqa: F401 - imported once, by who serves

    try:
        command(list(words), prog_name="svsm-cal", standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


if __name__ == "__main__":
    import svsm_cal.app.invite_plan
    import svsm_cal.app.outbox
    import svsm_cal.cli.invite
    import svsm_cal.store.postgres
    import svsm_cal.store.sqlite
    import svsm_cal.transport.dkim  # noqa: F401

    acts.perform = perform
    assert sys.argv[1:] == ["serve"]
    acts.serve()
