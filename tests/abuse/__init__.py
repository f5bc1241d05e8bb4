"""What one person, or one program, tries to take from all others."""
