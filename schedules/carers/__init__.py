"""What carers can do themselves: their own page, and the keys of a telephone."""
