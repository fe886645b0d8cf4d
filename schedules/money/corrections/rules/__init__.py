"""What a correction is, as values."""
