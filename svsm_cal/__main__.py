"""`python -m svsm_cal` is `svsm-cal`."""

from __future__ import annotations

from svsm_cal.cli import main

main()
