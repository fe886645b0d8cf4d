"""Values and pure functions of service points."""
