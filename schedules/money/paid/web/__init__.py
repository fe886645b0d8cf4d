"""The fields of it on the wire."""
