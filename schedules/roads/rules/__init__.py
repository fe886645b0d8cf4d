"""What is asked of a road router and what its answers mean: pure."""
