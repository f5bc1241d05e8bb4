"""The parts of the responder `openai`."""
