"""The entry point of `python -m svsm_cal`, the same program as `svsm-cal`."""

from svsm_cal.cli import main

main()
