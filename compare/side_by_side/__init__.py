"""The worlds side by side: their gradients in pairs, their lines, their trainings. Commands share these."""
