"""How dates and times are written where nothing else is said, by language: Django finds it by these names."""
