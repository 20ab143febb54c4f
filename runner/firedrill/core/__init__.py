"""The ground: words that every room shares. It imports no room."""
