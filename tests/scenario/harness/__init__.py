"""What the stories are told with: a server process, and clients that speak its protocols from outside."""
