"""The frame of every iCalendar stream we write: what stands at its head, and its end."""

from __future__ import annotations

from icalendar import Calendar as VCalendar

__all__ = ["EMPTY_STREAM", "STREAM_END", "head_bytes", "new_stream"]

STREAM_END = b"END:VCALENDAR\r\n"
EMPTY_STREAM = b"BEGIN:VCALENDAR\r\n" + STREAM_END


def new_stream() -> VCalendar:
    """Return a VCALENDAR with what all of ours begin with."""
    stream = VCalendar()
    stream.add("VERSION", "2.0")
    stream.add("PRODID", "-//svsm_cal//svsm_cal//EN")
    stream.add("CALSCALE", "GREGORIAN")
    return stream


def head_bytes(stream: VCalendar) -> bytes:
    """Return a VCALENDAR's properties as bytes, left open for its components and `STREAM_END`."""
    text: bytes = stream.to_ical(sorted=False)
    return text.removesuffix(STREAM_END)
