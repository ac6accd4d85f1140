"""pandas and pyarrow: whole columns of times at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import series as inputs
from pyarrow import compute
from worker import Work, serve

WEEKS = 521


def instants(times: np.ndarray) -> list[str]:
    return [f"{each}Z" for each in np.datetime_as_string(times.astype("datetime64[s]"))]


def civil(columns: list[np.ndarray]) -> list[str]:
    return [str(each) for column in columns for each in np.datetime_as_string(column.astype("datetime64[s]"))]


def pandas_weekly() -> Work:
    return (
        lambda: pd.date_range(inputs.WEEKLY_START, periods=WEEKS, freq="W-WED", tz="Europe/Berlin").tz_convert("UTC"),
        lambda index: instants(index.tz_localize(None).to_numpy()),
    )


def arrow_weekly() -> Work:
    first = np.datetime64(inputs.WEEKLY_START, "s")

    def work() -> pa.Array:
        local = pa.array(first + np.arange(WEEKS) * np.timedelta64(7 * 86400, "s"))
        return compute.assume_timezone(local, "Europe/Berlin")

    return work, lambda array: instants(array.cast(pa.timestamp("s", tz="UTC")).to_numpy(zero_copy_only=False))


def pandas_matrix() -> Work:
    index = pandas_weekly()[0]()
    return (
        lambda: [index.tz_convert(zone).tz_localize(None) for zone in inputs.REGIONS],
        lambda columns: civil([each.to_numpy() for each in columns]),
    )


def arrow_matrix() -> Work:
    array = arrow_weekly()[0]()
    return (
        lambda: [compute.local_timestamp(array.cast(pa.timestamp("s", tz=zone))) for zone in inputs.REGIONS],
        lambda columns: civil([each.to_numpy(zero_copy_only=False) for each in columns]),
    )


serve(
    {
        ("weekly", "pandas"): pandas_weekly,
        ("weekly", "pyarrow"): arrow_weekly,
        ("matrix", "pandas"): pandas_matrix,
        ("matrix", "pyarrow"): arrow_matrix,
    }
)
