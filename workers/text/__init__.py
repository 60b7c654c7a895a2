"""Text: tokens in every script, canonical addresses, plain text out of markup."""
