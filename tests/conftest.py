"""What holds for every test."""

from __future__ import annotations

import os

# The settings of who runs the tests are not the tests' own.
for setting in [name for name in os.environ if name.startswith("SVSM_CAL_")]:
    del os.environ[setting]
