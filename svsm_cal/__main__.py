"""`python -m svsm_cal` is `svsm-cal`."""

from svsm_cal.cli import main

main()
