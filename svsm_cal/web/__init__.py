"""The server: routes to app and render; no logic of its own."""
