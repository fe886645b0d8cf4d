"""Answers as they are read, each once: reading is pure, and what the lists count they ask for again and again."""

from functools import cache

from dispatch.rules import reply

parse = cache(reply.parse)
