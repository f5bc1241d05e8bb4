"""All of one subject: what people opt into, how it is said, pressed, decided and run."""
