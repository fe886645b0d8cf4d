"""When the centre goes dark: the sheet that lies on the desk before, and the paper that is typed in afterwards."""
