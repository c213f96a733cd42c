"""Real pictures on terminals that can show them: kitty's protocol, sixel; half blocks elsewhere."""
