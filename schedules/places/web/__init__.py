"""Service points on pages and on the wire."""
