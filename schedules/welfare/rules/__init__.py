"""What signs weigh, what habits say, and when they are enough: pure."""
