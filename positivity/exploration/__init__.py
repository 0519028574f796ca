"""The look at the data before training: `positivity explore`."""
