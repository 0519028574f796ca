"""What measures speed, quality and behaviour, side by side with peers."""
