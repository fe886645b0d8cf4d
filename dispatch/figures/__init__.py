"""The figures: gathered from the record by reading, counted by `dispatch.rules.figures`, kept and signed."""
