"""Values and pure functions of coverage."""
