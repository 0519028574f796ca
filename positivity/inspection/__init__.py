"""What a model does inside with a text: `positivity inspect`."""
