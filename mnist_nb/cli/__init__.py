"""The command `mnist-nb`."""
