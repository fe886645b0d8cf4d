"""Meals on file."""
