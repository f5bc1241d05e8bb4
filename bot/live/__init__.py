"""What people see while an answer is being made: the unfinished text, that we write, how far we are."""
