"""The web, as far as it needs neither database nor server."""
