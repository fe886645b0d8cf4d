"""
A month of home visits whose truth is known, made by a program that has never seen how visits are judged.

It knows what the public description says (sign-in and sign-out with position and accuracy, photos, confirmations,
back-office entries) and nothing of the service's rules: whatever it calls a cheat is one because the carer was not
there, or not for as long as promised. `python -m tests.cheating --seed 1` prints it as JSON lines.
"""
