"""Who at the desk is in charge: of one alarm, and of all of them from one shift to the next."""
