"""The entry point of `python -m svsm_cal`, the same program as `svsm-cal`."""

from __future__ import annotations

from svsm_cal.cli import main

main()
