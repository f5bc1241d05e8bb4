"""What `make fuzz` gives to the pure readers and to the application, and what must hold of what they make of it."""
