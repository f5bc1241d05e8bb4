"""What the responder `openai` is made of."""
