"""Reading calendar.toml into a Calendar: one pass reports every mistake with its position."""
