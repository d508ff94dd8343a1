"""What one lesson needs alone: its checks, its figures, its own programs; one folder a lesson."""
