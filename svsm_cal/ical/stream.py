"""The frame of every iCalendar stream we write: what stands at its head, and its end."""

from __future__ import annotations

from icalendar import Calendar as VCalendar

__all__ = ["EMPTY_STREAM", "STREAM_END", "folded", "head_bytes", "new_stream"]

STREAM_END = b"END:VCALENDAR\r\n"
_LONGEST = 75
_ESCAPES = b"\\^"
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


def folded(line: str) -> bytes:
    """Return a content line with its end, in lines of at most 75 octets, none ending within a character (RFC 5545 3.1).

    Nor does one end between an escape and what it escapes, which some readers take apart.
    """
    data = line.encode()
    if len(data) <= _LONGEST:
        return data + b"\r\n"
    pieces, begin, room = [], 0, _LONGEST
    while len(data) - begin > room:
        end = begin + room
        while data[end] & 0xC0 == 0x80:
            end -= 1
        escapes = end - len(data[begin:end].rstrip(data[end - 1 : end])) - begin if data[end - 1] in _ESCAPES else 0
        end -= escapes % 2
        pieces.append(data[begin:end])
        begin, room = end, _LONGEST - 1
    pieces.append(data[begin:])
    return b"\r\n ".join(pieces) + b"\r\n"
