"""What of a changed wish may reach a running group, and how."""
