"""Meals for people and programs."""
