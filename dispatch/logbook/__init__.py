"""The response log as a reviewer works with it: kept searchable, told, judged, signed, verified, exported."""
