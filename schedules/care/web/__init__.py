"""The pages and the programs' side of care."""
