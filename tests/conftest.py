"""What holds for every test: hypothesis draws the same examples in each run, but new ones in `make soak`."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("soak", deadline=None, print_blob=True)  # chosen by --hypothesis-profile
settings.load_profile("same")

# The settings of who runs the tests are not the tests' own.
for setting in [name for name in os.environ if name.startswith("SVSM_CAL_")]:
    del os.environ[setting]
