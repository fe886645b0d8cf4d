"""The shelves of care: beds with their steps and papers, assessments, plans."""
