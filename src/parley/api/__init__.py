"""The doors: translate what came, call one service, translate back."""
