"""What the ledger of feedback gives to other tools: labels, and files of them."""
