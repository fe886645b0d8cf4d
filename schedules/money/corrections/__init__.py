"""Rules that were corrected backwards: what they price otherwise, who agrees to it, and pricing it anew."""
