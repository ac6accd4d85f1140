"""The web server: the site, the feeds and a JSON API, from a calendar file or from what `build` wrote."""
