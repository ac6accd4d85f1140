"""calendar.toml to a Calendar, with every mistake found in one go and told where it stands."""
