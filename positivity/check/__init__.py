"""From handles to reports: what to read, at what price, reading it, and scoring what is new."""
