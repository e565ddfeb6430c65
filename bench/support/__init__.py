"""What several benches share. Nothing here measures by itself."""
