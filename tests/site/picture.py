"""Make the picture of the example's page for the README anew: python tests/site/picture.py [FILE]."""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from browser import chromium, reader, served

import svsm_cal
from svsm_cal.app.publish import site

ROOT = Path(__file__).resolve().parents[2]
NOW = "2025-03-12T09:00:00+00:00"


def main():
    """Look at the page as somebody in New York does, in a week of mismatch."""
    out = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "examples/svsm/page.png")
    with tempfile.TemporaryDirectory() as folder:
        calendar = svsm_cal.load(ROOT / "examples/svsm/calendar.toml")
        for name, data in site(calendar, now=datetime.fromisoformat(NOW)).items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with served(folder) as address, chromium() as browser:
            page = reader(browser, zone="America/New_York", now=NOW, viewport={"width": 1000, "height": 900})
            page.goto(address)
            end = page.locator(".legend").bounding_box()
            image = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": 1000, "height": end["y"] + end["height"] + 16})
    Path(out).write_bytes(packed(image))


def packed(png):
    """Return a PNG of 8-bit RGB written anew without filters, which suits pages: flat colours repeat."""
    rows, header, place = b"", b"", 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        header = data if kind == b"IHDR" else header
        rows += data if kind == b"IDAT" else b""
        place += size + 12
    width, height, depth, colours = struct.unpack(">IIBB", header[:10])
    assert (depth, colours) == (8, 2)
    stride, data = width * 3, zlib.decompress(rows)
    before, plain = bytearray(stride), []
    for y in range(height):
        kind, line = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for x in range(stride):
            left, up, corner = (line[x - 3], before[x], before[x - 3]) if x >= 3 else (0, before[x], 0)
            guess = left + up - corner
            nearest = min((abs(guess - each), n, each) for n, each in enumerate((left, up, corner)))[2] if kind == 4 else 0
            line[x] = (line[x] + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
        plain.append(b"\0" + bytes(line))
        before = line
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(plain), 9)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks]
    return png[:8] + b"".join(parts)


if __name__ == "__main__":
    main()
