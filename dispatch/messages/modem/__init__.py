"""Texts by a GSM or LTE modem on a line: the alphabet, the units on the air, the modem's lines, and the dialog."""
