"""What is owed to residents for what we know of them: who looked, who saw it whole and why."""
