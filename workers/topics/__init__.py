"""Rules of topics: the language, its evaluation and its receipts."""
