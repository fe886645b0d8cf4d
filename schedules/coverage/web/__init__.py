"""Coverage on pages and on the wire."""
