"""Registers that bureaus keep in Excel: read, checked row by row, shown before they are written, undone for a day."""
