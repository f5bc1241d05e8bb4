"""What is promised holds when the machine, or a row of it, misbehaves."""
