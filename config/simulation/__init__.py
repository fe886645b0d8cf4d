"""A simulated district under the real engine and the real store, drawn from one seed."""
