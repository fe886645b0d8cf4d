"""
Months of households whose truth is known: habits, noise, holidays, visitors, and now and then something really wrong.

Made by a program that knows what can be noticed of a household, and nothing of how it is weighed. Every rate in it is
an assumption of ours, written down beside it; nobody publishes them.
"""
